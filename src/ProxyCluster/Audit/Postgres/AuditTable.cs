using System.Globalization;
using System.Runtime.CompilerServices;
using Npgsql;
using NpgsqlTypes;

namespace ProxyCluster.Audit.Postgres;

/// <summary>
/// The log in PostgreSQL: one table, in a schema of its own, for all silos. A line's key is its log and its number: a member's id is
/// another one in each life of its process, a log's stays with its directory.
/// </summary>
internal sealed class AuditTable(string connection) : IAsyncDisposable
{
    // Several members may begin at once, and CREATE … IF NOT EXISTS is no protection against that.
    private const string Schema =
        """
        SELECT pg_advisory_xact_lock(7239114802);
        CREATE SCHEMA IF NOT EXISTS proxycluster;
        CREATE TABLE IF NOT EXISTS proxycluster.audit (
            log text NOT NULL, seq bigint NOT NULL, time timestamptz NOT NULL, event text NOT NULL,
            module text, version text, artifact text, rule text, policy bigint, "check" text, origin text,
            address text, subject text, namespace text, build text, request text, trace text, "by" text, text text, silo text, region text,
            PRIMARY KEY (log, seq));
        CREATE INDEX IF NOT EXISTS audit_version ON proxycluster.audit (version);
        CREATE INDEX IF NOT EXISTS audit_time ON proxycluster.audit (time);
        """;

    private static readonly string Columns = "seq, time, policy, " + string.Join(", ", AuditLine.Texts.Select(static text => $"\"{text.Name}\""));

    private readonly NpgsqlDataSource _source = NpgsqlDataSource.Create(connection);

    /// <summary>Creates the table where there is none: a role that may only add lines to it does, where somebody else has made it.</summary>
    public async Task PrepareAsync(CancellationToken cancel)
    {
        await using var look = _source.CreateCommand("SELECT to_regclass('proxycluster.audit') IS NOT NULL");
        if (await look.ExecuteScalarAsync(cancel) is true)
            return;
        await using var line = await _source.OpenConnectionAsync(cancel);
        await using var work = await line.BeginTransactionAsync(cancel);
        await using var create = new NpgsqlCommand(Schema, line, work);
        await create.ExecuteNonQueryAsync(cancel);
        await work.CommitAsync(cancel);
    }

    /// <summary>The last line of a log that is there; 0 for none.</summary>
    public async Task<long> LastAsync(string log, CancellationToken cancel)
    {
        await using var ask = _source.CreateCommand("SELECT coalesce(max(seq), 0) FROM proxycluster.audit WHERE log = $1");
        ask.Parameters.Add(new NpgsqlParameter<string> { TypedValue = log });
        return (long)(await ask.ExecuteScalarAsync(cancel))!;
    }

    /// <summary>Adds lines of a log, all of them or none.</summary>
    public async Task AddAsync(string log, IEnumerable<AuditLine> lines, CancellationToken cancel)
    {
        await using var line = await _source.OpenConnectionAsync(cancel);
        await using var copy = await line.BeginBinaryImportAsync($"COPY proxycluster.audit (log, {Columns}) FROM STDIN (FORMAT BINARY)", cancel);
        foreach (var one in lines)
        {
            await copy.StartRowAsync(cancel);
            await copy.WriteAsync(log, NpgsqlDbType.Text, cancel);
            await copy.WriteAsync(one.Seq, NpgsqlDbType.Bigint, cancel);
            await copy.WriteAsync(one.Time.UtcDateTime, NpgsqlDbType.TimestampTz, cancel);
            if (one.Policy is { } policy)
                await copy.WriteAsync(policy, NpgsqlDbType.Bigint, cancel);
            else
                await copy.WriteNullAsync(cancel);
            foreach (var (_, value) in AuditLine.Texts)
            {
                if (value(one) is { } text)
                    await copy.WriteAsync(text, NpgsqlDbType.Text, cancel);
                else
                    await copy.WriteNullAsync(cancel);
            }
        }

        await copy.CompleteAsync(cancel);
    }

    /// <summary>The lines that may be meant, of all logs, oldest first: the database narrows them down, and whoever asks looks again.</summary>
    public async IAsyncEnumerable<AuditLine> FindAsync(AuditFilter filter, [EnumeratorCancellation] CancellationToken cancel)
    {
        List<string> conditions = ["true"];
        await using var ask = _source.CreateCommand();
        Where("time >= {0}", filter.Since?.UtcDateTime);
        Where("time < {0}", filter.Until?.UtcDateTime);
        Where("version = {0}", filter.Version);
        Where("event = any({0})", filter.Decision?.Split(','));
        ask.CommandText = $"SELECT {Columns} FROM proxycluster.audit WHERE {string.Join(" AND ", conditions)} ORDER BY time, log, seq";
        await using var rows = await ask.ExecuteReaderAsync(cancel);
        while (await rows.ReadAsync(cancel))
            yield return LineOf(rows);

        void Where<T>(string condition, T? value)
        {
            if (value is null)
                return;
            ask.Parameters.Add(new NpgsqlParameter { Value = value });
            conditions.Add(string.Format(CultureInfo.InvariantCulture, condition, string.Create(CultureInfo.InvariantCulture, $"${ask.Parameters.Count}")));
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _source.DisposeAsync();

    private static AuditLine LineOf(NpgsqlDataReader rows)
    {
        return new(rows.GetInt64(0), new DateTimeOffset(rows.GetDateTime(1), TimeSpan.Zero), rows.GetString(rows.GetOrdinal("event")))
        {
            Policy = rows.IsDBNull(2) ? null : rows.GetInt64(2),
            Module = Text("module"),
            Version = Text("version"),
            Artifact = Text("artifact"),
            Rule = Text("rule"),
            Check = Text("check"),
            Origin = Text("origin"),
            Address = Text("address"),
            Subject = Text("subject"),
            Namespace = Text("namespace"),
            Build = Text("build"),
            Request = Text("request"),
            Trace = Text("trace"),
            By = Text("by"),
            Text = Text("text"),
            Silo = Text("silo"),
            Region = Text("region"),
        };

        string? Text(string name) => rows.GetOrdinal(name) is var at && rows.IsDBNull(at) ? null : rows.GetString(at);
    }
}
