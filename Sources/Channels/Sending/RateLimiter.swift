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

        /// Describes a call.
        package init(platform: String, workspace: WorkspaceID, channel: String, operation: SendOperation) {
            self.platform = platform
            self.workspace = workspace
            self.channel = channel
            self.operation = operation
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
    private var holds: [Scope: Timestamp] = [:]
    private var pruneAt = 1024

    /// Makes a limiter to which nothing has happened yet.
    package init() {}

    /// Asks for a call, and counts it where it may be made.
    package mutating func take(_ call: Call, limits: ChannelLimits, now: Timestamp) -> Verdict {
        prune(now)
        if let until = holds[call.credentialsScope], until > now { return .held(until: until) }
        let held = [call.channelScope, call.methodScope, call.workspaceScope].compactMap { holds[$0] }.max()
        if let held, held > now { return .wait(until: held) }

        let bucketWait = bucketWait(call, limits, now)
        let windowWait = windowWait(call, limits, now)
        if let until = [bucketWait, windowWait].compactMap({ $0 }).max() { return .wait(until: until) }
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

    private func bucketWait(_ call: Call, _ limits: ChannelLimits, _ now: Timestamp) -> Timestamp? {
        guard hasBucket(call, limits), let full = fullAt[call.channelScope] else { return nil }
        let allowance = limits.channelInterval * (max(1, limits.channelBurst) - 1)
        return full - now > allowance ? full - allowance : nil
    }

    private func windowWait(_ call: Call, _ limits: ChannelLimits, _ now: Timestamp) -> Timestamp? {
        guard let perMinute = limits.methodsPerMinute[call.operation.rawValue] else { return nil }
        let recent = (calls[call.methodScope] ?? []).filter { now - $0 < .seconds(60) }
        guard recent.count >= max(1, perMinute) else { return nil }
        return recent[recent.count - max(1, perMinute)] + .seconds(60)
    }

    private mutating func count(_ call: Call, _ limits: ChannelLimits, _ now: Timestamp) {
        if hasBucket(call, limits) {
            fullAt[call.channelScope] = max(fullAt[call.channelScope] ?? now, now) + limits.channelInterval
        }
        if limits.methodsPerMinute[call.operation.rawValue] != nil {
            let recent = (calls[call.methodScope] ?? []).filter { now - $0 < .seconds(60) }
            calls[call.methodScope] = recent + [now]
        }
    }

    /// Forgets what has no effect any more, once there is much of it.
    private mutating func prune(_ now: Timestamp) {
        guard fullAt.count + calls.count + holds.count > pruneAt else { return }
        fullAt = fullAt.filter { $0.value > now }
        holds = holds.filter { $0.value > now }
        calls = calls.filter { moments in moments.value.last.map { now - $0 < .seconds(60) } ?? false }
        pruneAt = max(1024, 2 * (fullAt.count + calls.count + holds.count))
    }
}

extension RateLimiter.Call {
    fileprivate var channelScope: RateLimiter.Scope { .channel(platform, workspace, channel) }
    fileprivate var methodScope: RateLimiter.Scope { .method(platform, workspace, operation) }
    fileprivate var workspaceScope: RateLimiter.Scope { .workspace(platform, workspace) }
    fileprivate var credentialsScope: RateLimiter.Scope { .credentials(platform, workspace) }
}
