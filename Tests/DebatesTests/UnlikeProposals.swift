/// Three proposals that recommend three different things in much the same words, as long as real answers are.
enum UnlikeProposals {
    static let all = [postgres, sqlite, keyValue]

    private static let postgres = """
        **Recommendation: choose PostgreSQL.** The service should start on PostgreSQL from the first day.

        1. **Concurrency.** The team expects several gateway processes that write at the same time. PostgreSQL lets \
        many writers work in parallel, because it locks rows and not the whole file. SQLite has one writer at a \
        time; with WAL the readers are not blocked, but the writers still wait for each other, and under load the \
        latency of the writes would grow.
        2. **Operations.** The backup of PostgreSQL is a solved problem: base backups, archiving of the WAL, \
        replicas in another zone. For SQLite there are tools such as Litestream, but they are a second moving part \
        that the team has to learn and to watch.
        3. **Growth.** It is expensive to move later. A migration from SQLite to PostgreSQL needs a change of the \
        schema, a copy of the data, a window in which the service is down, and a test of every query. If the service \
        grows at all, this cost is certain; if it does not grow, the cost of PostgreSQL is small.

        The risks: PostgreSQL is one more server that can fail. It has to be patched, and its memory and its disk \
        have to be watched. A managed instance takes most of this work away, at a price of about 50 to 100 dollars a \
        month. Every query goes over the network, which adds about a millisecond. For this service that is not \
        important, because the calls of the models take seconds.

        What would change my mind: if the service stays on one machine for good, if there are fewer than ten writes \
        per second, and if nobody in the team wants to run a server, then I would choose SQLite: in this case the \
        simplicity of one file is worth more than the concurrency.

        I am about 80 % sure. The point on which everything hangs is whether the service will have more than one \
        process that writes. Since the team has said that it expects this within a year, the answer is PostgreSQL, \
        and the decision should be made now and not later.
        """

    private static let sqlite = """
        **Recommendation: choose SQLite.** The service should start on SQLite, on one machine, until a measurement \
        shows that more is needed.

        1. **Simplicity.** SQLite is a library and a file. There is no server that has to be installed, patched, \
        watched and secured. For a small team this is the most important point, because every hour that is spent on \
        operations is an hour that is not spent on the product.
        2. **Speed.** A query of SQLite does not go over the network; it takes microseconds and not milliseconds. \
        With WAL the readers are not blocked by the writer. One writer at a time is enough: with group commit the \
        service can write several thousand rows per second, and the team expects fewer than fifty.
        3. **Cost.** A managed PostgreSQL costs 50 to 100 dollars a month, and a second one for the tests costs the \
        same. The backup of SQLite is a copy of a file, and Litestream sends the changes to object storage every \
        second.

        The risks: if the service needs more than one process that writes, SQLite is at its limit, and the latency \
        of the writes would grow under load. A migration to PostgreSQL later needs a change of the schema, a copy of \
        the data and a window in which the service is down. I think this risk is small, because the stores hide the \
        database behind a protocol and the SQL is the same for both.

        What would change my mind: if the team is certain that it needs several gateway processes within the next \
        months, or if the service must be available while a machine is replaced, then I would choose PostgreSQL: in \
        this case the concurrency and the replicas are worth more than the simplicity of one file.

        I am about 75 % sure. The point on which everything hangs is whether the service will have more than one \
        process that writes. The team has only said that it might, and a decision should not be made for a load that \
        may never come. The answer is SQLite, and the decision can be changed later.
        """

    private static let keyValue = """
        **Recommendation: choose DynamoDB.** The service should be built on a managed key-value store from the first \
        day.

        1. **Operations.** There is no server at all. The team does not have to patch it, to watch its memory and \
        its disk, or to plan for its failure. The provider does the backup, with recovery to a point in time, and \
        the replicas in three zones are a part of the price.
        2. **Growth.** The service can grow from one write per second to ten thousand without any change. Neither \
        PostgreSQL nor SQLite can do that: SQLite has one writer at a time, and PostgreSQL has one primary that \
        takes all the writes.
        3. **Concurrency.** Several gateway processes can write at the same time. The conditional write of the store \
        is all that the leases and the unique keys of the service need.

        The risks: the team would be bound to one provider. A migration to PostgreSQL later would need a change of \
        the whole data model, a copy of the data and a test of every query. There are no transactions over many \
        tables. The journal of a debate and the outbox have to be written in one transaction, which is possible for \
        at most 100 items at once. Most of the team has used SQL before and would have to learn another way of \
        thinking. The latency of a write is about five to ten milliseconds. For this service that is not important, \
        because the calls of the models take seconds.

        What would change my mind: if the service has to run on the machines of customers, then a managed store of \
        one provider is not possible, and I would choose PostgreSQL: in this case the independence is worth more \
        than the operations. I would also change my mind if the reports of the product need queries over all the \
        data.

        I am about 60 % sure. The point on which everything hangs is who runs the service. If it is the team itself, \
        in one cloud, then the answer is DynamoDB, and the decision should be made before the first table is \
        written.
        """
}
