// room: Transport
