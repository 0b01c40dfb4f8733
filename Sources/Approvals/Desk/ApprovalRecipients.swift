import Channels
import CoreTypes
import Persistence

/// Somebody, or some place, that gets a copy of a prompt.
struct ApprovalRecipient: Hashable {
    /// A person's id on the platform, or `channel:<platform>:<channel>`, as the workspace of the address calls it.
    let name: String
    /// Who may use its buttons: a person's one id, or the channel.
    let boundTo: String
    let address: Address
    /// Whether it is known in which of the platform's workspaces that is.
    let isPlaced: Bool
}

/// Works out where approvers are asked.
struct ApprovalRecipients {
    let people: ApprovalPeople

    private var directory: ApproverDirectory { people.directory }
    private var places: any ApprovalPlaces { people.places }

    /// Everybody's places, each once, in the order of the approvers.
    /// - Parameter withDeputies: whether those are among them who decide for somebody now.
    /// - Throws: `DatabaseError`.
    func recipients(
        of approvers: [Approver],
        record: ApprovalRecord,
        withDeputies: Bool = true,
        in transaction: borrowing Transaction
    ) throws -> [ApprovalRecipient] {
        var found: [ApprovalRecipient] = []
        for approver in approvers {
            switch approver {
            case .channel(let place):
                if let channel = try channel(place, record: record, in: transaction) { found.append(channel) }
            case .role(let role):
                for person in try directory.members(of: role, workspace: record.workspace, in: transaction) {
                    found += try places(of: person, record, withDeputies: withDeputies, in: transaction)
                }
            case .person(let person):
                found += try places(of: person, record, withDeputies: withDeputies, in: transaction)
            }
        }
        var seen: Set<Address> = []
        return found.filter { seen.insert($0.address).inserted }
    }

    /// A channel; the thread in which it was asked for, where that is the same channel.
    private func channel(_ place: String, record: ApprovalRecord, in transaction: borrowing Transaction) throws
        -> ApprovalRecipient?
    {
        guard let found = try places.place(of: place, for: record.workspace, in: transaction) else { return nil }
        var address = Address(
            platform: found.platform,
            workspace: found.workspace ?? record.workspace,
            channel: found.id
        )
        if let origin = record.address, origin["platform"]?.string == found.platform,
            origin["channel"]?.string == found.id
        {
            address.thread = origin["thread"]?.string
            address.threadOpenedBy = origin["threadOpenedBy"]?.string.map { OutboxKey($0) }
        }
        let name = "channel:\(found.name)"
        return ApprovalRecipient(name: name, boundTo: name, address: address, isPlaced: found.workspace != nil)
    }

    /// Where a person, and whoever decides for them now, is reached.
    private func places(
        of person: String,
        _ record: ApprovalRecord,
        withDeputies: Bool,
        in transaction: borrowing Transaction
    ) throws -> [ApprovalRecipient] {
        let own = try directory.ids(of: person, workspace: record.workspace, in: transaction)
        let deputies =
            withDeputies ? try people.deputies(of: own.all, workspace: record.workspace, in: transaction) : []
        var places = try direct(own, record.workspace, in: transaction)
        for deputy in deputies { places += try direct(deputy, record.workspace, in: transaction) }
        if record.policy.excludesRequester { places.removeAll { $0.boundTo == record.requester } }
        return places
    }

    /// Where a person is reached directly, under each of their ids.
    /// - Throws: `DatabaseError`.
    func direct(
        _ person: (person: String, all: Set<String>),
        _ workspace: WorkspaceID,
        in transaction: borrowing Transaction
    ) throws -> [ApprovalRecipient] {
        try person.all.sorted().compactMap { id in
            guard ApprovalPeople.isAnywhere(id), let place = try places.place(of: id, for: workspace, in: transaction)
            else { return nil }
            return ApprovalRecipient(
                name: place.name,
                boundTo: person.person,
                address: Address(
                    platform: place.platform,
                    workspace: place.workspace ?? workspace,
                    channel: place.id,
                    person: place.id
                ),
                isPlaced: place.workspace != nil
            )
        }
    }
}
