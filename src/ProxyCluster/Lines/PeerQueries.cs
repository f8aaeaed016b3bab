using System.Text.Json;
using Microsoft.Extensions.Options;
using ProxyCluster.Clustering;
using ProxyCluster.Outcomes;

namespace ProxyCluster.Lines;

/// <summary>Asks the owner of a module path what it knows about a query.</summary>
internal sealed class PeerQueries(PeerCalls calls, PeerStanding standing, PeerSigns signs, IOptions<PeerOptions> options, TimeProvider clock)
{
    /// <summary>The peer's answer; <paramref name="key"/> is the query's path in a URL.</summary>
    public async Task<Outcome<PeerAnswer>> AskAsync(Member peer, string key, Action alive, CancellationToken cancel)
    {
        using var silence = new SilenceLimit(options.Value, () => signs.Since(peer.Id), clock, cancel);
        try
        {
            var outcome = await AskOnceAsync(peer, key, () => { alive(); silence.Sign(); signs.Heard(peer.Id); }, silence.Token);
            if (outcome.Failure is { Kind: FailureKind.PeerUnavailable })
                standing.Silent(peer.Id);
            else
                standing.Answered(peer.Id);
            return outcome;
        }
        catch (OperationCanceledException)
        {
            // Silent for too long, or another candidate won because this one was silent for the hedge delay.
            if (clock.GetElapsedTime(silence.LastSign) >= options.Value.HedgeDelay && signs.Since(peer.Id) >= options.Value.HedgeDelay)
                standing.Silent(peer.Id);
            cancel.ThrowIfCancellationRequested();
            return PeerCalls.Unavailable(peer, "it stayed silent");
        }
        catch (Exception e) when (e is IOException or InvalidDataException or HttpRequestException or JsonException)
        {
            standing.Silent(peer.Id);
            return PeerCalls.Unavailable(peer, e.Message);
        }
    }

    private async Task<Outcome<PeerAnswer>> AskOnceAsync(Member peer, string key, Action sign, CancellationToken cancel)
    {
        var sent = await calls.SendAsync(peer, HttpMethod.Get, PeerTarget.Query(key), null, cancel);
        if (!sent.TryGet(out var response, out var failure))
            return failure;

        using var answered = response;
        sign();
        if (!response.IsSuccessStatusCode)
            return PeerCalls.Unavailable(peer, $"it answered {(int)response.StatusCode}");

        await using var body = await response.Content.ReadAsStreamAsync(cancel);
        var read = await PeerReading.ReadUntilAsync(body, PeerFrameType.Answer, sign, cancel);
        if (!read.TryGet(out var payload, out failure))
            return failure;

        return JsonSerializer.Deserialize(payload, PeerJson.Default.PeerAnswer) is { Body: not null } answer
            ? answer
            : PeerCalls.Unavailable(peer, "its answer cannot be read");
    }
}
