using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ProxyCluster.Policy;

/// <summary>
/// The policies of the cluster, newest first: the first is in force, the others are there to go back to. Immutable, and the form in
/// which the cluster agrees on them. Texts are compressed: a thousand rules take a few thousand bytes.
/// </summary>
internal sealed class PolicyArchive
{
    /// <summary>How many are kept, the one in force included.</summary>
    public const int MaxEditions = 20;

    /// <summary>Bytes that all may take, written; the oldest go. A cluster store takes 1.5 MB of base 64 at most.</summary>
    public const int MaxBytes = 700_000;

    private const int Format = 1;

    private PolicyArchive(ImmutableArray<PolicyEdition> editions, PolicyRollout? rollout) => (Editions, Rollout) = (editions, rollout);

    /// <summary>None.</summary>
    public static PolicyArchive Empty { get; } = new([], null);

    /// <summary>Newest first.</summary>
    public ImmutableArray<PolicyEdition> Editions { get; }

    /// <summary>The one that is being rolled out, or was last; null before the first.</summary>
    public PolicyRollout? Rollout { get; }

    /// <summary>The one in force; null before the first.</summary>
    public PolicyEdition? CurrentOrNull => Editions.IsEmpty ? null : Editions[0];

    /// <summary>The one of a number, as long as it is kept.</summary>
    public PolicyEdition? OfOrNull(long number) => Editions.FirstOrDefault(edition => edition.Number == number);

    /// <summary>Has somebody decided about a text? It was put in force, rolled out, or went back.</summary>
    public bool Knows(string text) => Rollout?.Text == text || Editions.Any(edition => edition.Text == text);

    /// <summary>With a newer one in force; what is being rolled out is not any more.</summary>
    public PolicyArchive With(string text, string by, string reason, DateTimeOffset at)
    {
        var next = new PolicyEdition(NextNumber, text, by, reason, at);
        return With([next, .. Editions], Rollout is { IsRunning: true } ? Rollout with { Ended = $"ended by policy {next.Number}" } : Rollout);
    }

    /// <summary>With a policy that is in force for a first share of the clients.</summary>
    public PolicyArchive Begin(string text, string by, string reason, DateTimeOffset at) =>
        With(Editions, new PolicyRollout(NextNumber, text, by, reason, at, PolicyRollout.Shares[0], at));

    /// <summary>With the rollout at its next share, or its policy in force.</summary>
    public PolicyArchive GoOn(DateTimeOffset at) => Rollout is not { IsRunning: true } rollout ? this
        : rollout.NextShareOrNull is { } share ? With(Editions, rollout with { Share = share, ShareAt = at })
        : With([new PolicyEdition(rollout.Number, rollout.Text, rollout.By, rollout.Reason, at), .. Editions], rollout with { ShareAt = at, Ended = "in force" });

    /// <summary>With the rollout ended, and the policy before in force for all.</summary>
    public PolicyArchive End(string how, DateTimeOffset at) =>
        Rollout is { IsRunning: true } rollout ? With(Editions, rollout with { ShareAt = at, Ended = how }) : this;

    // What was rolled out and went back had a number too, which stands in answers.
    private long NextNumber => Math.Max(CurrentOrNull?.Number ?? 0, Rollout?.Number ?? 0) + 1;

    private static PolicyArchive With(ImmutableArray<PolicyEdition> editions, PolicyRollout? rollout)
    {
        var archive = new PolicyArchive([.. editions.Take(MaxEditions)], rollout);
        while (archive.Editions.Length > 1 && archive.Write().Length > MaxBytes)
            archive = new PolicyArchive(archive.Editions[..^1], rollout);
        return archive;
    }

    /// <summary>UTF-8 JSON.</summary>
    public byte[] Write() => JsonSerializer.SerializeToUtf8Bytes(
        new ArchiveFile(Format, [.. Editions.Select(static edition => new EditionLine(edition.Number, Pack(edition.Text), edition.By, edition.Reason, edition.At))])
        {
            Rollout = Rollout is null ? null : new(Rollout.Number, Pack(Rollout.Text), Rollout.By, Rollout.Reason, Rollout.At, Rollout.Share, Rollout.ShareAt, Rollout.Ended),
        },
        ArchiveJson.Default.ArchiveFile);

    /// <summary>Reads it.</summary>
    public static bool TryParse(ReadOnlySpan<byte> json, [NotNullWhen(true)] out PolicyArchive? archive, [NotNullWhen(false)] out string? error)
    {
        (archive, error) = (null, null);
        if (json.IsEmpty)
        {
            archive = Empty;
            return true;
        }

        try
        {
            var file = JsonSerializer.Deserialize(json, ArchiveJson.Default.ArchiveFile);
            if (file is { Format: Format, Editions: { } lines })
            {
                archive = new PolicyArchive([.. lines.Take(MaxEditions).Select(static line =>
                    new PolicyEdition(line.Number, Unpack(line.Packed ?? []), line.By ?? "", line.Reason ?? "", line.At))], file.Rollout is not { } roll ? null
                    : new PolicyRollout(roll.Number, Unpack(roll.Packed ?? []), roll.By ?? "", roll.Reason ?? "", roll.At, roll.Share, roll.ShareAt, roll.Ended));
                return true;
            }

            error = $"its format is {file?.Format.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "none"}, this program reads {Format}";
        }
        catch (Exception e) when (e is JsonException or InvalidDataException or InvalidOperationException)
        {
            error = e.Message;
        }

        return false;
    }

    private static byte[] Pack(string text)
    {
        using var packed = new MemoryStream();
        using (var brotli = new BrotliStream(packed, CompressionLevel.Optimal))
            brotli.Write(Encoding.UTF8.GetBytes(text));
        return packed.ToArray();
    }

    // A member that claims more than a policy may have is not believed as far as memory goes.
    private static string Unpack(byte[] packed)
    {
        using var brotli = new BrotliStream(new MemoryStream(packed), CompressionMode.Decompress);
        var bytes = new byte[PolicyYaml.MaxBytes + 1];
        var length = brotli.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return length <= PolicyYaml.MaxBytes
            ? Encoding.UTF8.GetString(bytes, 0, length)
            : throw new InvalidDataException($"it has more than {PolicyYaml.MaxBytes} bytes");
    }
}

/// <summary>One policy of the cluster.</summary>
/// <param name="Number">Counts them, from 1.</param>
/// <param name="Text">As it was written.</param>
/// <param name="By">Who pushed it.</param>
/// <param name="Reason">Why.</param>
/// <param name="At">When, UTC.</param>
internal sealed record PolicyEdition(long Number, string Text, string By, string Reason, DateTimeOffset At);

/// <summary>All of them as they are written.</summary>
internal sealed record ArchiveFile(int Format, EditionLine[]? Editions)
{
    /// <summary>Read over by programs that know of no rollouts: the editions are in force for all of their clients.</summary>
    public RolloutLine? Rollout { get; init; }
}

/// <summary>One of them as it is written; its text by Brotli.</summary>
internal sealed record EditionLine(long Number, byte[]? Packed, string? By, string? Reason, DateTimeOffset At);

/// <summary>A rollout as it is written; its text by Brotli.</summary>
internal sealed record RolloutLine(long Number, byte[]? Packed, string? By, string? Reason, DateTimeOffset At, int Share, DateTimeOffset ShareAt, string? Ended);

/// <summary>How they are written.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ArchiveFile))]
internal sealed partial class ArchiveJson : JsonSerializerContext;
