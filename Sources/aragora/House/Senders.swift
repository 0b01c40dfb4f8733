import Channels
import ServiceLifecycle
import Subscriptions

/// What speaks to the outside: to the chats and to the subscribers.
///
/// When the gateway drains, both finish what is on its way side by side, so that a subscriber who hangs takes no time from
/// a letter.
struct Senders: Service {
    let dispatcher: Dispatcher
    let deliverer: Deliverer

    func run() async throws {
        await withGracefulShutdownHandler {
            await withDiscardingTaskGroup { group in
                group.addTask { await dispatcher.run() }
                group.addTask { await deliverer.run() }
            }
        } onGracefulShutdown: {
            dispatcher.drain()
            deliverer.drain()
        }
    }
}
