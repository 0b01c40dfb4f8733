package import CoreTypes

/// In which workspace of its platform a channel or a person is, as people name it: `T0123:C0123`, or `C0123` alone.
package enum WorkspacePlace: Hashable, Sendable {
    /// There, under its id in that workspace.
    case found(WorkspaceID, id: String)
    /// It belongs to another workspace than whoever names it.
    case foreign
    /// Nobody said in which of several workspaces, or of none.
    case unclear(id: String)

    /// Finds out which one is meant.
    /// - Parameters:
    ///   - name: what stands behind the platform's name.
    ///   - workspace: who names it.
    ///   - known: the workspaces in which the platform is connected.
    package init(_ name: some StringProtocol, on platform: String, for workspace: WorkspaceID, known: [WorkspaceID]) {
        let (named, id) = Self.split(name, platform)
        let own = workspace.rawValue.hasPrefix("\(platform):") ? workspace : nil
        // What belongs to one workspace reaches nobody in another one.
        if let own {
            guard named == own || !known.contains(where: { $0 == named }) else {
                self = .foreign
                return
            }
            // Ids of some platforms have colons themselves.
            self = .found(own, id: named == own ? id : String(name))
        } else if workspace != .local {
            self = .foreign
        } else if let target = named ?? (known.count == 1 ? known.first : nil) {
            self = .found(target, id: id)
        } else {
            self = .unclear(id: id)
        }
    }

    private static func split(_ name: some StringProtocol, _ platform: String) -> (WorkspaceID?, String) {
        guard let colon = name.firstIndex(of: ":") else { return (nil, String(name)) }
        return (WorkspaceID("\(platform):\(name[..<colon])"), String(name[name.index(after: colon)...]))
    }
}
