// room: Agents
