import Approvals
import CoreTypes
import DatabaseSupport
import Persistence
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct ApprovalAuditTests {
    private static let tampering: [(String, SQL)] = [
        ("changed", "update governance_artifacts set entry_json = replace(entry_json, 'U1', 'U2') where sequence = 2"),
        ("removed", "delete from governance_artifacts where sequence = 2"),
        ("cut off", "delete from governance_artifacts where sequence = 3"),
        ("renamed", "update governance_artifacts set artifact_type = 'withdrawn' where sequence = 2"),
        ("outcome", "update approval_requests set status = 'approved' where status = 'rejected'"),
        ("answer", "update approval_decisions set actor_identity = 'chat:U3'"),
        ("lost", "delete from approval_decisions"),
        ("operation", "update approval_requests set operation_json = replace(operation_json, 'ship', 'sell')"),
        ("hash", "update approval_requests set operation_hash = replace(operation_hash, '0', '1')"),
        ("policy", "update approval_requests set policy_json = replace(policy_json, 'U2', 'U3')"),
        ("requester", "update approval_requests set requester_id = 'chat:U8'"),
        ("question", "update approval_requests set question = 'May release 8 go out?'"),
        ("option", "update approval_requests set outcome_option = 'approve' where status = 'rejected'"),
        ("time", "update approval_requests set created_at = created_at + 1000"),
    ]

    @Test(arguments: DatabaseEngine.allCases)
    func whateverIsChangedShows(engine: DatabaseEngine) async throws {
        for (what, statement) in Self.tampering {
            try await ApprovalHouse.with(engine) { house in
                let record = try await house.open()
                _ = try await house.service.decide(
                    record.id.rawValue,
                    ApprovalReply(
                        actor: ApprovalActor(identity: "chat:U1", name: "Ann", surface: .api, evidence: "e"),
                        optionID: "reject",
                        comment: "no"
                    )
                )
                _ = try await house.open("second")
                #expect(try await house.problems().isEmpty)
                if ["changed", "removed", "cut off", "renamed"].contains(what) {
                    await #expect(throws: DatabaseError.self) { try await house.database.run(statement) }
                    try await house.database.write { transaction in
                        for name in triggers(engine) { try transaction.executeScript("drop trigger \(name)") }
                    }
                }
                try await house.database.run(statement)
                #expect(try await !house.problems().isEmpty, "\(what)")
            }
        }
    }

    @Test func nobodyEmptiesTheLog() async throws {
        try await ApprovalHouse.with(.postgres) { house in
            _ = try await house.open()
            await #expect(throws: DatabaseError.self) { try await house.database.run("truncate governance_artifacts") }
            #expect(try await house.problems().isEmpty)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aNotedHeadHasToBeInTheLog(engine: DatabaseEngine) async throws {
        try await ApprovalHouse.with(engine) { house in
            _ = try await house.open()
            let verifier = ApprovalAuditVerifier()
            let noted = try await house.database.read { try verifier.verify(house.workspace, in: $0) }
            _ = try await house.open("second")
            let (kept, lost) = try await house.database.read { transaction in
                (
                    try verifier.verify(house.workspace, knownHead: noted.head, in: transaction),
                    try verifier.verify(house.workspace, knownHead: "00", in: transaction)
                )
            }
            #expect(noted.entries == 1 && kept.problems.isEmpty && kept.entries == 2)
            #expect(lost.problems == ["The noted head is not in the log."])
        }
    }

    private func triggers(_ engine: DatabaseEngine) -> [String] {
        switch engine {
        case .postgres: ["governance_artifacts_append_only on governance_artifacts"]
        case .sqlite: ["governance_artifacts_no_update", "governance_artifacts_no_delete"]
        }
    }
}
