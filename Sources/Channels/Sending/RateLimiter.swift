package import CoreTypes

/// Keeps what one process sends within the platforms' limits, and everything in a scope back that a platform asked to
/// wait.
///
/// A value that is told the time: it never waits itself.
package struct RateLimiter: Sendable {
    /// A call that somebody wants to make.
    package struct Call: Hashable, Sendable {
        package let platform: String
        package let workspace: WorkspaceID
        package let channel: String
        package let operation: SendOperation
        /// Whether it waits with the workspace while the credentials are refused.
        package let needsCredentials: Bool

        /// Describes a call.
        package init(
            platform: String,
            workspace: WorkspaceID,
            channel: String,
            operation: SendOperation,
            needsCredentials: Bool = true
        ) {
            self.platform = platform
            self.workspace = workspace
            self.channel = channel
            self.operation = operation
            self.needsCredentials = needsCredentials
        }
    }

    /// Whether a call may be made.
    package enum Verdict: Hashable, Sendable {
        /// Yes; it is counted.
        case go
        case wait(until: Timestamp)
        /// The workspace's credentials were refused.
        case held(until: Timestamp)
    }

    fileprivate enum Scope: Hashable, Sendable {
        case channel(String, WorkspaceID, String)
        case method(String, WorkspaceID, SendOperation)
        case workspace(String, WorkspaceID)
        case credentials(String, WorkspaceID)
    }

    /// By channel, the moment at which its bucket is full again (the generic cell rate algorithm).
    private var fullAt: [Scope: Timestamp] = [:]
    /// By method, the moments of the last minute's calls, oldest first.
    private var calls: [Scope: [Timestamp]] = [:]
    /// By channel and method, the moments that those who wait were told, the earliest first.
    ///
    /// They order those who wait and reserve nothing: whoever asks when there is room may go.
    private var promises: [Scope: [Timestamp]] = [:]
    private var holds: [Scope: Timestamp] = [:]
    private var pruneAt = 1024

    /// Makes a limiter to which nothing has happened yet.
    package init() {}

    /// Asks for a call, and counts it where it may be made.
    ///
    /// Of those who have to wait for the same limit, each is told a moment at which there is room for it beside those
    /// who were told before: not all of them come back for one place.
    package mutating func take(_ call: Call, limits: ChannelLimits, now: Timestamp) -> Verdict {
        prune(now)
        if call.needsCredentials, let until = holds[call.credentialsScope], until > now { return .held(until: until) }
        let held = [call.channelScope, call.methodScope, call.workspaceScope].compactMap { holds[$0] }.max()
        if let held, held > now { return .wait(until: held) }

        guard hasRoom(call, limits, now) else { return .wait(until: promise(call, limits, now)) }
        count(call, limits, now)
        return .go
    }

    /// Notes that a platform asked everything in a scope to wait.
    package mutating func hold(_ scope: RateLimitScope, for call: Call, until: Timestamp) {
        let scope =
            switch scope {
            case .channel: call.channelScope
            case .method: call.methodScope
            case .workspace: call.workspaceScope
            }
        holds[scope] = max(holds[scope] ?? until, until)
    }

    /// Notes that a workspace's credentials were refused.
    package mutating func holdForCredentials(platform: String, workspace: WorkspaceID, until: Timestamp) {
        holds[.credentials(platform, workspace)] = until
    }

    /// Notes that a workspace has new credentials.
    package mutating func credentialsChanged(workspace: WorkspaceID) {
        holds = holds.filter { scope, _ in
            if case .credentials(_, workspace) = scope { false } else { true }
        }
    }

    /// Only posts fill a channel's bucket: edits, answers to one person and forms have limits of their own, and nobody
    /// may wait behind posts to see one.
    private func hasBucket(_ call: Call, _ limits: ChannelLimits) -> Bool {
        call.operation == .post && limits.channelInterval > .zero
    }

    private func hasRoom(_ call: Call, _ limits: ChannelLimits, _ now: Timestamp) -> Bool {
        if hasBucket(call, limits), let full = fullAt[call.channelScope], full - now > allowance(limits) {
            return false
        }
        guard let perMinute = perMinute(call, limits) else { return true }
        return recentCalls(call, now).count < perMinute
    }

    private mutating func promise(_ call: Call, _ limits: ChannelLimits, _ now: Timestamp) -> Timestamp {
        var moment = now
        var scopes: [Scope] = []
        if hasBucket(call, limits) {
            moment = nextInBucket(call, limits, now)
            scopes.append(call.channelScope)
        }
        if let perMinute = perMinute(call, limits) {
            moment = max(moment, nextInWindow(call, perMinute, now))
            scopes.append(call.methodScope)
        }
        for scope in scopes {
            var waiting = waiting(scope, now)
            waiting.insert(moment, at: (waiting.lastIndex { $0 <= moment } ?? -1) + 1)
            promises[scope] = waiting
        }
        return moment
    }

    /// When the channel's bucket has room, once those who wait for it have been there.
    private func nextInBucket(_ call: Call, _ limits: ChannelLimits, _ now: Timestamp) -> Timestamp {
        let full = waiting(call.channelScope, now).reduce(fullAt[call.channelScope] ?? now) { full, moment in
            max(full, moment) + limits.channelInterval
        }
        return full - allowance(limits)
    }

    /// The first moment at which the minute before it has room, counting those who wait as if they came when they
    /// were told.
    private func nextInWindow(_ call: Call, _ perMinute: Int, _ now: Timestamp) -> Timestamp {
        let recent = recentCalls(call, now)
        guard recent.count >= perMinute else { return now }
        let moments = recent + waiting(call.methodScope, now)
        var end = 0
        for (position, moment) in moments.enumerated() where moments[min(position + 1, moments.count - 1)] > moment {
            let next = moment + .seconds(60)
            while end < moments.count, moments[end] <= next { end += 1 }
            if end - position - 1 < perMinute { return next }
        }
        return moments[moments.count - 1] + .seconds(60)
    }

    /// What of a full bucket may be there already: the burst, without the call itself.
    private func allowance(_ limits: ChannelLimits) -> Duration {
        limits.channelInterval * (max(1, limits.channelBurst) - 1)
    }

    private func perMinute(_ call: Call, _ limits: ChannelLimits) -> Int? {
        limits.methodsPerMinute[call.operation.rawValue].map { max(1, $0) }
    }

    private func recentCalls(_ call: Call, _ now: Timestamp) -> [Timestamp] {
        (calls[call.methodScope] ?? []).filter { now - $0 < .seconds(60) }
    }

    private func waiting(_ scope: Scope, _ now: Timestamp) -> [Timestamp] {
        (promises[scope] ?? []).filter { $0 > now }
    }

    private mutating func count(_ call: Call, _ limits: ChannelLimits, _ now: Timestamp) {
        if hasBucket(call, limits) {
            fullAt[call.channelScope] = max(fullAt[call.channelScope] ?? now, now) + limits.channelInterval
        }
        if perMinute(call, limits) != nil { calls[call.methodScope] = recentCalls(call, now) + [now] }
    }

    /// Forgets what has no effect any more, once there is much of it.
    private mutating func prune(_ now: Timestamp) {
        guard entries > pruneAt else { return }
        fullAt = fullAt.filter { $0.value > now }
        holds = holds.filter { $0.value > now }
        calls = calls.filter { moments in moments.value.last.map { now - $0 < .seconds(60) } ?? false }
        promises = promises.filter { moments in moments.value.last.map { $0 > now } ?? false }
        pruneAt = max(1024, 2 * entries)
    }

    private var entries: Int { fullAt.count + calls.count + promises.count + holds.count }
}

extension RateLimiter.Call {
    fileprivate var channelScope: RateLimiter.Scope { .channel(platform, workspace, channel) }
    fileprivate var methodScope: RateLimiter.Scope { .method(platform, workspace, operation) }
    fileprivate var workspaceScope: RateLimiter.Scope { .workspace(platform, workspace) }
    fileprivate var credentialsScope: RateLimiter.Scope { .credentials(platform, workspace) }
}
