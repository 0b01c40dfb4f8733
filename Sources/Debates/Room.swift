// room: Debates
