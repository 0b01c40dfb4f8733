import Testing

@testable import Transport

#if canImport(Glibc)
import Glibc
#endif

@Suite struct SocketPollerTests {
    @Test func tellsOfReadySocketsAlone() throws {
        let poller = try #require(SocketPoller())
        let (one, other) = try socketPair()
        defer { for socket in [one, other] { close(socket) } }
        poller.watch(one, for: .reading)
        #expect(try #require(poller.wait(milliseconds: 0)).isEmpty)
        _ = write(other, "x", 1)
        #expect(try #require(poller.wait(milliseconds: 0)).map(\.socket) == [one])
        // The same socket, watched for something else.
        poller.watch(one, for: [.reading, .writing])
        #expect(try #require(poller.wait(milliseconds: 0)).first?.readiness == [.reading, .writing])
        poller.forget(one)
        #expect(try #require(poller.wait(milliseconds: 0)).isEmpty)
    }

    @Test func tellsThatTheOtherSideIsGone() throws {
        let poller = try #require(SocketPoller())
        let (one, other) = try socketPair()
        defer { close(one) }
        poller.watch(one, for: .reading)
        close(other)
        let found = try #require(poller.wait(milliseconds: 0)?.first)
        #expect(found.socket == one && found.readiness.isSuperset(of: [.reading, .failed]))
    }

    @Test func aSocketOfTheSameNumberIsWatchedAgain() throws {
        let poller = try #require(SocketPoller())
        let (one, other) = try socketPair()
        poller.watch(one, for: .reading)
        poller.forget(one)
        for socket in [one, other] { close(socket) }
        let (again, peer) = try socketPair()
        defer { for socket in [again, peer] { close(socket) } }
        poller.watch(again, for: .reading)
        _ = write(peer, "x", 1)
        #expect(try #require(poller.wait(milliseconds: 0)).map(\.socket) == [again])
    }

    @Test func aSocketThatRestsIsSilentAndWatchedAgain() throws {
        let poller = try #require(SocketPoller())
        let (one, other) = try socketPair()
        defer { for socket in [one, other] { close(socket) } }
        poller.noteOpened(one)
        poller.watch(one, for: .reading)
        poller.rest(one)
        poller.watch(one, for: .reading)
        _ = write(other, "x", 1)
        #expect(try #require(poller.wait(milliseconds: 0)).map(\.socket) == [one])
        poller.rest(one)
        // What comes while it rests is nobody's; what is there when it is watched again is told.
        #expect(try #require(poller.wait(milliseconds: 0)).isEmpty)
        poller.watch(one, for: [.reading, .writing])
        #expect(try #require(poller.wait(milliseconds: 0)).first?.readiness == [.reading, .writing])
    }

    @Test func aRestingSocketThatIsClosedIsForgotten() throws {
        let poller = try #require(SocketPoller())
        let (one, other) = try socketPair()
        poller.noteOpened(one)
        poller.watch(one, for: .reading)
        poller.rest(one)
        poller.noteClosed(one)
        for socket in [one, other] { close(socket) }
        let (again, peer) = try socketPair()
        defer { for socket in [again, peer] { close(socket) } }
        poller.noteOpened(again)
        poller.watch(again, for: .reading)
        _ = write(peer, "x", 1)
        #expect(try #require(poller.wait(milliseconds: 0)).map(\.socket) == [again])
    }

    @Test(.timeLimit(.minutes(5))) func isWokenOnceForAnyNumberOfCalls() throws {
        let poller = try #require(SocketPoller())
        let waker = poller.waker
        waker.wake()
        waker.wake()
        // Without the calls this would take the whole time limit.
        #expect(try #require(poller.wait(milliseconds: 600_000)).isEmpty)
        let (one, other) = try socketPair()
        defer { for socket in [one, other] { close(socket) } }
        poller.watch(one, for: .writing)
        #expect(try #require(poller.wait(milliseconds: 600_000)).map(\.socket) == [one])
    }

    private func socketPair() throws -> (Int32, Int32) {
        var sockets: [Int32] = [-1, -1]
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &sockets) == 0)
        return (sockets[0], sockets[1])
    }
}
