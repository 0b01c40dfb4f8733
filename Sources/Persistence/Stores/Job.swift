package import CoreTypes

/// Work that is to be done in the background.
package struct NewJob: Sendable {
    package let workspaceID: WorkspaceID
    package let id: JobID
    package let type: String
    package let payload: JSONValue
    /// Higher goes first.
    package let priority: Int
    package let runAt: Timestamp
    /// How many failures end it.
    package let maximumAttempts: Int

    /// Describes a job.
    package init(
        workspaceID: WorkspaceID,
        id: JobID,
        type: String,
        payload: JSONValue,
        priority: Int = 0,
        runAt: Timestamp,
        maximumAttempts: Int = 5
    ) {
        self.workspaceID = workspaceID
        self.id = id
        self.type = type
        self.payload = payload
        self.priority = priority
        self.runAt = runAt
        self.maximumAttempts = maximumAttempts
    }
}

/// A job that this worker holds until its lease runs out.
package struct ClaimedJob: Sendable {
    package let workspaceID: WorkspaceID
    package let id: JobID
    package let type: String
    package let payload: JSONValue
    /// The number of this claim; every write for the job names it, and only the newest is heard.
    package let fence: Int64
    /// How many times it has failed.
    package let attempts: Int
    package let maximumAttempts: Int
    /// Whether somebody wants it stopped.
    package let isCancelRequested: Bool

    /// Whether too many workers have died on it: it must not be tried again, only brought to its end.
    package var isExhausted: Bool { attempts >= maximumAttempts }
}

/// A claim, as a heartbeat names it.
package struct JobClaim: Sendable, Hashable {
    package let id: JobID
    package let fence: Int64

    /// Names a claim.
    package init(id: JobID, fence: Int64) {
        self.id = id
        self.fence = fence
    }
}

/// What became of a job that failed.
package enum JobFailure: Sendable, Equatable {
    case willRetry(at: Timestamp)
    case failed
}
