using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using ProxyCluster.Audit;

namespace ProxyCluster.Seals;

/// <summary>
/// The entry in which the cluster keeps where each silo's audit log stood when it was sealed last. An entry is for one round of sealing; the
/// next one holds the hash of the one before, so what was said once cannot be unsaid. Pure.
/// </summary>
/// <param name="Number">Counts entries, from 1.</param>
/// <param name="Round">Which round: the time, in rounds' lengths.</param>
/// <param name="Prev">SHA-256 of the entry before, as it was last; null for the first.</param>
/// <param name="Heads">A head for each log, by the log's name.</param>
internal sealed record SealSet(long Number, long Round, string? Prev, ImmutableArray<SealedHead> Heads)
{
    // Of so many logs, the ones that were sealed last are kept; 512 take some 100 KiB.
    private const int MaxLogs = 512;

    /// <summary>Nothing was ever sealed.</summary>
    public static SealSet Empty { get; } = new(0, -1, null, []);

    /// <summary>What is known of a log; null where nothing is.</summary>
    public SealedHead? OfOrNull(string log) => Heads.FirstOrDefault(head => head.Log == log);

    /// <summary>The same as a document.</summary>
    public byte[] Write() => JsonSerializer.SerializeToUtf8Bytes(this, SealJson.Default.SealSet);

    /// <summary>Its hash, in hexadecimal digits.</summary>
    public string Hash() => Convert.ToHexStringLower(SHA256.HashData(Write()));

    /// <summary>What it says, for whoever proves a log by it.</summary>
    public IEnumerable<KnownHead> Known(string from) => Heads.Select(head => new KnownHead(head.Log, new(head.Sequence, head.Hash), from));

    /// <summary>With where a log stands now. A log never goes back: what says so is left out.</summary>
    public SealSet With(SealedHead head, long round)
    {
        if (OfOrNull(head.Log) is { } known && known.Sequence >= head.Sequence)
            return this;
        var heads = Heads.RemoveAll(one => one.Log == head.Log).Add(head);
        if (heads.Length > MaxLogs)
            heads = [.. heads.OrderByDescending(static one => one.At).Take(MaxLogs)];
        heads = heads.Sort(static (a, b) => string.CompareOrdinal(a.Log, b.Log));
        return round > Round
            ? new(Number + 1, round, Number == 0 ? null : Hash(), heads)
            : this with { Heads = heads };
    }

    /// <summary>Reads a document; empty is nothing.</summary>
    public static bool TryParse(ReadOnlySpan<byte> json, out SealSet set, out string error)
    {
        (set, error) = (Empty, "");
        if (json.IsEmpty)
            return true;
        try
        {
            if (JsonSerializer.Deserialize(json, SealJson.Default.SealSet) is { Number: > 0, Heads.IsDefault: false } read
                && read.Heads.All(static head => head is { Log: not null, Sequence: > 0, Hash.Length: AuditChain.HashLength }))
            {
                set = read;
                return true;
            }

            error = "it is no entry of seals";
        }
        catch (JsonException e)
        {
            error = e.Message;
        }

        return false;
    }
}

/// <summary>Where a log stood.</summary>
/// <param name="Log">Which log.</param>
/// <param name="Sequence">Number of a line that is on its disk.</param>
/// <param name="Hash">The line's hash.</param>
/// <param name="Silo">Whose log it is, in that life.</param>
/// <param name="Region">Of which region.</param>
/// <param name="At">When, UTC.</param>
internal sealed record SealedHead(string Log, long Sequence, string Hash, string Silo, string Region, DateTimeOffset At);

/// <summary>How it is written.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(SealSet))]
internal sealed partial class SealJson : JsonSerializerContext;
