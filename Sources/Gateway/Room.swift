// room: Gateway
