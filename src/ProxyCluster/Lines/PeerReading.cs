using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Serialization;
using ProxyCluster.Outcomes;

namespace ProxyCluster.Lines;

/// <summary>Reads a peer's frames up to the one that matters.</summary>
internal static class PeerReading
{
    /// <summary>Skips heartbeats, telling <paramref name="sign"/> of each; gives the wanted frame's payload or the failure.</summary>
    /// <exception cref="InvalidDataException">The peer does not keep to the protocol.</exception>
    public static async Task<Outcome<byte[]>> ReadUntilAsync(
        Stream body, PeerFrameType wanted, Action sign, CancellationToken cancel)
    {
        while (true)
        {
            var (type, payload) = await PeerFrame.ReadAsync(body, cancel);
            sign();
            if (type == wanted)
                return payload;
            if (type == PeerFrameType.Failure)
                return PeerFailure.Parse(payload);
            if (type != PeerFrameType.Working)
                throw new InvalidDataException($"the peer sent a {type} frame where {wanted} was due");
        }
    }
}

/// <summary>
/// A failure on its way between members. The kind travels as a word: a member of a newer version may have more of them than
/// this one, and what it learned is no nonsense for that.
/// </summary>
internal sealed record PeerFailure(string Kind, string Message, double? RetryAfterSeconds = null)
{
    // By the exact word. To read a number or a list of words for one would be to guess, and the first kind is proven absence.
    private static readonly FrozenDictionary<string, FailureKind> Kinds =
        Enum.GetValues<FailureKind>().ToFrozenDictionary(static kind => kind.ToString(), StringComparer.Ordinal);

    /// <summary>The JSON of a failure.</summary>
    public static byte[] Write(Failure failure) => JsonSerializer.SerializeToUtf8Bytes(
        new PeerFailure(failure.Kind.ToString(), failure.Message, failure.RetryAfter?.TotalSeconds), PeerJson.Default.PeerFailure);

    /// <summary>Reads it back.</summary>
    /// <exception cref="InvalidDataException">It is none.</exception>
    public static Failure Parse(byte[] json)
    {
        try
        {
            if (JsonSerializer.Deserialize(json, PeerJson.Default.PeerFailure) is { Kind.Length: > 0 } failure)
            {
                TimeSpan? retryAfter = failure.RetryAfterSeconds is > 0 and < 86400 and var seconds ? TimeSpan.FromSeconds(seconds) : null;
                return Kinds.TryGetValue(failure.Kind, out var kind)
                    ? new Failure(kind, failure.Message, retryAfter)
                    : new Failure(FailureKind.Unknown, $"{failure.Message} ({failure.Kind}, as a newer member calls it)", retryAfter);
            }
        }
        catch (JsonException)
        {
            // Said below: the caller tells peers that talk nonsense from peers that failed.
        }

        throw new InvalidDataException("the peer sent a failure that cannot be read");
    }
}

/// <summary>The answer to a query on its way between members. The age travels instead of a time: clocks may differ.</summary>
/// <param name="Body">What upstream said, as it is kept.</param>
/// <param name="AgeSeconds">How long ago that was.</param>
/// <param name="Upstream">Which upstream, without credentials.</param>
/// <param name="Bridged">Of a list, versions that it does not name any more, and how long ago one did; or null.</param>
internal sealed record PeerAnswer(byte[] Body, double AgeSeconds, string Upstream, IReadOnlyDictionary<string, double>? Bridged = null);

// What is missing must not be guessed.
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(PeerFailure))]
[JsonSerializable(typeof(PeerAnswer))]
internal sealed partial class PeerJson : JsonSerializerContext;
