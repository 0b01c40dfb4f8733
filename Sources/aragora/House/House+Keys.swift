import Logging
import Persistence

extension House {
    /// Seals anew what former encryption keys have sealed, so that they can be retired.
    func sealAnew(_ logger: Logger) async {
        do {
            let done = try await sealedSecrets.reseal(database)
            if done.resealed > 0 {
                logger.info(
                    "Stored secrets were sealed anew.",
                    metadata: ["key": "\(sealedSecrets.currentKey)", "secrets": "\(done.resealed)"]
                )
            }
            if done.damaged > 0 {
                logger.error("Stored secrets do not open with their key.", metadata: ["secrets": "\(done.damaged)"])
            }
        } catch {
            // The next start tries again; until then every configured key opens what it has sealed.
            logger.warning("Stored secrets were not sealed anew.", metadata: ["error": "\(error)"])
        }
    }
}
