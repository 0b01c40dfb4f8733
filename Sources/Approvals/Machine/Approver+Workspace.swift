package import CoreTypes

/// The two names of whoever is asked on a platform: `slack:U012`, as their own workspace calls them, and
/// `slack:T012:U012`, which names that workspace as well.
extension Approver {
    /// The name with the workspace in it; nil for an id of another platform.
    static func inFull(_ id: String, of workspace: WorkspaceID) -> String? {
        guard let colon = id.firstIndex(of: ":"), workspace.rawValue.hasPrefix(id[...colon]) else { return nil }
        return "\(workspace)\(id[colon...])"
    }

    /// The name without the workspace, where it is this one.
    static func inShort(_ id: String, of workspace: WorkspaceID) -> String {
        let full = "\(workspace.rawValue):"
        guard let colon = workspace.rawValue.firstIndex(of: ":"), id.hasPrefix(full), id.count > full.count else {
            return id
        }
        return "\(workspace.rawValue[...colon])\(id.dropFirst(full.count))"
    }

    /// As a workspace calls them.
    func named(in workspace: WorkspaceID) -> Approver {
        switch self {
        case .person(let id): .person(Self.inShort(id, of: workspace))
        case .channel(let place): .channel(Self.inShort(place, of: workspace))
        case .role: self
        }
    }
}

extension ApprovalPolicy {
    /// With everybody as a workspace calls them.
    package func named(in workspace: WorkspaceID) -> ApprovalPolicy {
        var policy = self
        policy.approvers = approvers.map { $0.named(in: workspace) }
        policy.escalations = escalations.map { step in
            Escalation(after: step.after, approvers: step.approvers.map { $0.named(in: workspace) })
        }
        return policy
    }
}
