// room: Channels
