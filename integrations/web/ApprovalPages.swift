import Mustache

/// The pages on which people decide, without any build: two templates and one script.
package struct ApprovalPages: Sendable {
    /// What the page of a letter's link shows.
    package struct Form: Sendable {
        package let title: String
        package let question: String
        package let context: String
        /// What may be edited before it is approved; empty where there is nothing.
        package var text: String
        package let isTextEditable: Bool
        /// What is decided besides the text, exactly; empty where there is nothing.
        package let document: String
        /// The beginning of the hash of what is decided.
        package let hash: String
        package let summary: String
        /// For whom the link was made.
        package let person: String
        package let number: Int64
        package let until: String
        package let options: [(id: String, label: String, requiresComment: Bool)]
        package let isOpen: Bool
        /// Whether the request was changed after the link was made.
        package let isStale: Bool
        /// What is wrong with what was sent, and the reason that was written with it.
        package var problem = ""
        package var comment = ""

        /// Describes the page.
        package init(
            title: String,
            question: String,
            context: String,
            text: String,
            isTextEditable: Bool,
            document: String,
            hash: String,
            summary: String,
            person: String,
            number: Int64,
            until: String,
            options: [(id: String, label: String, requiresComment: Bool)],
            isOpen: Bool,
            isStale: Bool
        ) {
            self.title = title
            self.question = question
            self.context = context
            self.text = text
            self.isTextEditable = isTextEditable
            self.document = document
            self.hash = hash
            self.summary = summary
            self.person = person
            self.number = number
            self.until = until
            self.options = options
            self.isOpen = isOpen
            self.isStale = isStale
        }
    }

    /// The inbox; the same for every address, because its script reads the address.
    package let inbox: WebPage.File
    package let script: WebPage.File
    private let answer: MustacheTemplate

    /// Makes the pages.
    /// - Throws: where a template cannot be read.
    package init() throws {
        inbox = WebPage.File(PackageResources.approvals_html, contentType: "text/html; charset=utf-8")
        script = WebPage.File(PackageResources.approvals_js, contentType: "text/javascript; charset=utf-8")
        answer = try MustacheTemplate(page: PackageResources.answer_mustache)
    }

    /// The page with a form that decides.
    package func form(_ form: Form) -> String {
        let options: [[String: Any]] = form.options.map {
            ["id": $0.id, "label": $0.label, "hint": $0.requiresComment]
        }
        return answer.render([
            "title": form.title, "question": form.question, "context": form.context, "text": form.text,
            "hasContext": !form.context.isEmpty, "hasText": !form.text.isEmpty,
            "isEditable": form.isTextEditable && !form.text.isEmpty && form.isOpen,
            "isReadOnly": !(form.isTextEditable && form.isOpen) && !form.text.isEmpty,
            "document": form.document, "hasDocument": !form.document.isEmpty, "hash": form.hash,
            "comment": form.comment, "summary": form.summary, "person": form.person, "number": form.number,
            "until": form.until,
            "hasUntil": !form.until.isEmpty && form.isOpen, "options": options, "isOpen": form.isOpen,
            "isStale": form.isStale, "problem": form.problem, "hasProblem": !form.problem.isEmpty, "isRequest": true,
        ])
    }

    /// A page with a title and a sentence.
    package func message(_ title: String, _ text: String) -> String {
        answer.render(["title": title, "message": text, "isMessage": true])
    }
}
