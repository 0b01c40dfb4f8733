import CoreTypes
import DatabaseSupport
import Foundation
import Persistence
import Testing

@Suite struct SealingTests {
    private let one = Data((0..<32).map { UInt8($0) }).base64EncodedString()
    private let two = Data((0..<32).map { UInt8($0 + 100) }).base64EncodedString()

    private func sealer(_ text: String) throws -> Sealer { try Sealer(keys: Secret(text)) }

    @Test func whatWasSealedOpens() throws {
        let sealer = try sealer("k1:\(one)")
        for length in [0, 1, 1000] {
            let bytes = [UInt8](repeating: 7, count: length)
            let sealed = try sealer.seal(bytes, identity: ["t", "1"])
            #expect(try sealer.open(sealed, identity: ["t", "1"]) == bytes)
            #expect(try sealer.seal(bytes, identity: ["t", "1"]) != sealed)
        }
    }

    @Test func aCodeIsGoodForItsWordsItsPurposeAndTheKeysThatAreConfigured() throws {
        let old = try sealer("k1:\(one)")
        let code = old.code(for: ["t", "1"], purpose: "link")
        #expect(code.count == 32)
        #expect(old.isCode(code, for: ["t", "1"], purpose: "link"))
        for words in [["t", "2"], ["t1"], ["t"], ["t", "1", ""]] {
            #expect(!old.isCode(code, for: words, purpose: "link"))
        }
        #expect(!old.isCode(code, for: ["t", "1"], purpose: "other"))
        for wrong in ["", String(code.dropLast()), code + "00", code.uppercased() + "g"] {
            #expect(!old.isCode(wrong, for: ["t", "1"], purpose: "link"))
        }
        #expect(try sealer("k2:\(two),k1:\(one)").isCode(code, for: ["t", "1"], purpose: "link"))
        #expect(try !sealer("k2:\(two)").isCode(code, for: ["t", "1"], purpose: "link"))
    }

    @Test func aChangedByteDoesNotOpen() throws {
        let sealer = try sealer("k1:\(one)")
        let sealed = try sealer.seal([1, 2, 3], identity: ["t", "1"])
        for position in sealed.indices {
            var changed = sealed
            changed[position] ^= 1
            #expect(throws: DatabaseError.self) { try sealer.open(changed, identity: ["t", "1"]) }
            #expect(throws: DatabaseError.self) { try sealer.open(Array(sealed[..<position]), identity: ["t", "1"]) }
        }
    }

    @Test(arguments: [["t", "2"], ["t"], ["t1"], ["", "t1"], ["t", "1", ""]])
    func anotherRowDoesNotOpen(identity: [String]) throws {
        let sealer = try sealer("k1:\(one)")
        let sealed = try sealer.seal([1, 2, 3], identity: ["t", "1"])
        #expect(throws: DatabaseError.self) { try sealer.open(sealed, identity: identity) }
    }

    @Test func keysAreRotated() throws {
        let old = try sealer("k1:\(one)")
        let both = try sealer("k2:\(two), k1:\(one)")
        let new = try sealer("k2:\(two)")
        let sealed = try old.seal([1], identity: [])
        #expect(try both.open(sealed, identity: []) == [1])
        let again = try both.seal([1], identity: [])
        #expect(try new.open(again, identity: []) == [1])
        let error = #expect(throws: DatabaseError.self) { try new.open(sealed, identity: []) }
        #expect(error?.description.contains("k1") == true)
    }

    @Test func wrongKeysAreRefusedWithoutBeingRepeated() {
        let short = Data([1, 2, 3]).base64EncodedString()
        for text in ["", "k1", "k1:\(short)", "k1:no-base64!", ":\(one)", "k1:\(one),k1:\(two)"] {
            let error = #expect(throws: DatabaseError.self) { try sealer(text) }
            #expect(error?.reason == .sealed)
            #expect(error?.description.contains(one) == false)
            #expect(error?.description.contains("no-base64") == false)
        }
    }

    @Test func aSealerShowsNoKey() throws {
        let sealer = try sealer("k1:\(one)")
        var dumped = ""
        dump(sealer, to: &dumped)
        #expect(!"\(sealer) \(String(reflecting: sealer)) \(dumped)".contains("k1"))
    }

    @Test func theKeyFileIsMadeOnceAndOnlyForItsUser() async throws {
        try await withTemporaryDirectory { directory in
            let keys = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<8 { group.addTask { try KeyFile.load(directory: directory).reveal() } }
                return try await group.reduce(into: Set<String>()) { $0.insert($1) }
            }
            #expect(keys.count == 1)
            _ = try Sealer(keys: Secret(try #require(keys.first)))
            let path = "\(directory)/\(KeyFile.name)"
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == [KeyFile.name])

            try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: path)
            let error = #expect(throws: DatabaseError.self) { try KeyFile.load(directory: directory) }
            #expect(error?.description.contains("chmod 600") == true)
        }
    }

    @Test func oneProcessServesAFile() async throws {
        try await withTemporaryDirectory { directory in
            let path = "\(directory)/a.sqlite"
            var lock: ProcessLock? = try ProcessLock(databasePath: path)
            let error = #expect(throws: DatabaseError.self) { _ = try ProcessLock(databasePath: path) }
            #expect(error?.reason == .locked)
            #expect(error?.description.contains("pid \(getpid())") == true)
            withExtendedLifetime(lock) {}
            lock = nil
            #expect(throws: Never.self) { _ = try ProcessLock(databasePath: path) }
        }
    }
}
