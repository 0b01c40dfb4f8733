import CoreTypes
import Metrics
import Persistence

/// What the dispatcher counts.
///
/// Labels are from closed vocabularies: platforms that are mounted, operations, outcomes.
struct DispatchMetrics: Sendable {
    func sent(platform: String, operation: SendOperation) {
        Counter(
            label: "aragora_outbox_sent_total",
            dimensions: [("platform", platform), ("operation", operation.rawValue)]
        ).increment()
    }

    func outcome(_ outcome: String, platform: String) {
        Counter(
            label: "aragora_outbox_outcomes_total",
            dimensions: [("platform", platform), ("outcome", outcome)]
        ).increment()
    }

    func duration(_ duration: Duration, platform: String, operation: SendOperation) {
        Recorder(
            label: "aragora_outbox_send_seconds",
            dimensions: [("platform", platform), ("operation", operation.rawValue)]
        ).record(duration.inSeconds)
    }

    func depths(_ counts: [OutboxStatus: Int]) {
        for status in OutboxStatus.allCases where status != .sent {
            Gauge(label: "aragora_outbox_rows", dimensions: [("status", status.label)]).record(counts[status] ?? 0)
        }
    }
}

extension SendOutcome {
    /// The word for the metric.
    var metricLabel: String {
        switch self {
        case .sent: "sent"
        case .rateLimited: "rate_limited"
        case .transient: "transient"
        case .permanent: "permanent"
        case .authentication: "authentication"
        case .unknown: "unknown"
        }
    }
}

extension Reconciliation {
    /// The word for the metric.
    var metricLabel: String {
        switch self {
        case .sent: "reconciled_sent"
        case .notSent: "reconciled_not_sent"
        case .undecided: "reconcile_undecided"
        case .impossible: "reconcile_impossible"
        }
    }
}
