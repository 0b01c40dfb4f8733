// room: Conversations
