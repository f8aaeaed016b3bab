using System.Text.Json;
using Microsoft.Extensions.Options;
using ProxyCluster.Clustering;
using ProxyCluster.Outcomes;

namespace ProxyCluster.Lines;

/// <summary>
/// Calls to other members as the rest of the house makes them: signed (<see cref="PeerCalls"/>), given up after silence
/// (<see cref="SilenceLimit"/>), and each of them lived through once for all (<see cref="Lines.Pulse"/>).
/// <para>
/// A member is taken for whoever answers at its address: whatever comes from there is an answer or a
/// <see cref="FailureKind.PeerUnavailable"/>, never an exception, and is worth only what its own proof is worth.
/// Who works for long says so by heartbeats (<see cref="PeerFrame"/>), so that a slow upstream does not look like a dead
/// peer; an answer meant for a client has no room for them, which is why <see cref="SendAsync"/> waits as long as its caller.
/// Whom to ask next, and when, is decided by <see cref="HedgedAsk"/>; a line only ends, and says how.
/// </para>
/// </summary>
internal sealed class PeerLines(PeerCalls calls, Pulse pulse, IOptions<PeerOptions> options, TimeProvider clock)
{
    /// <summary>Sends a call that is silent until its answer begins. The caller disposes the answer.</summary>
    public Task<Outcome<HttpResponseMessage>> SendAsync(
        Member peer, HttpMethod method, string target, Action<HttpRequestMessage>? addHeaders, CancellationToken cancel) =>
        RunAsync(
            new SilenceLimit(pulse, peer, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan, null, clock, cancel),
            peer,
            line => calls.SendAsync(peer, method, target, addHeaders, line.Token),
            cancel);

    /// <summary>Asks for an answer in frames.</summary>
    /// <param name="peer">Who.</param>
    /// <param name="target">What.</param>
    /// <param name="wanted">The frame that answers.</param>
    /// <param name="take">Gets its payload, and what follows it, to be read with a sign at every chunk.</param>
    /// <param name="alive">Called at every sign of life.</param>
    /// <param name="cancel">Ends it.</param>
    public Task<Outcome<T>> AskAsync<T>(
        Member peer, string target, PeerFrameType wanted, Func<byte[], Stream, SilenceLimit, Task<Outcome<T>>> take, Action alive, CancellationToken cancel)
        where T : notnull =>
        RunAsync(peer, line => AskOnceAsync(peer, target, wanted, take, line), alive, cancel);

    /// <summary>Runs a call under the peer's limits and keeps the peer's standing.</summary>
    public Task<Outcome<T>> RunAsync<T>(Member peer, Func<SilenceLimit, Task<Outcome<T>>> work, Action? alive, CancellationToken cancel)
        where T : notnull =>
        RunAsync(
            new SilenceLimit(pulse, peer, options.Value.IdleTimeout, options.Value.TotalTimeout, alive, clock, cancel), peer, work, cancel);

    /// <summary>Listens to a body whose reader decides how long it takes.</summary>
    public SilenceLimit Listen(Member peer, CancellationToken cancel) =>
        new(pulse, peer, options.Value.IdleTimeout, Timeout.InfiniteTimeSpan, null, clock, cancel);

    private async Task<Outcome<T>> RunAsync<T>(
        SilenceLimit line, Member peer, Func<SilenceLimit, Task<Outcome<T>>> work, CancellationToken cancel)
        where T : notnull
    {
        using var listening = line;
        Outcome<T> outcome;
        try
        {
            outcome = await work(line);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // Maybe because another candidate won, who was asked because this one was silent for the hedge delay.
            if (line.Silence >= options.Value.HedgeDelay)
                pulse.Silent(peer.Id);
            throw;
        }
        catch (OperationCanceledException)
        {
            outcome = PeerCalls.Unavailable(peer, "it stayed silent or did not finish in time");
        }
        catch (Exception e) when (e is IOException or InvalidDataException or HttpRequestException or JsonException)
        {
            outcome = PeerCalls.Unavailable(peer, e.Message);
        }

        // Too much work, there or here, says nothing about the peer.
        if (outcome.Failure is { Kind: FailureKind.PeerUnavailable })
            pulse.Silent(peer.Id);
        else if (outcome.Failure is not { Kind: FailureKind.Overloaded })
            pulse.Answered(peer.Id);
        return outcome;
    }

    private async Task<Outcome<T>> AskOnceAsync<T>(
        Member peer, string target, PeerFrameType wanted, Func<byte[], Stream, SilenceLimit, Task<Outcome<T>>> take, SilenceLimit line)
        where T : notnull
    {
        var sent = await calls.SendAsync(peer, HttpMethod.Get, target, null, line.Token);
        if (!sent.TryGet(out var response, out var failure))
            return failure;

        using var answered = response;
        line.Sign();
        if (!response.IsSuccessStatusCode)
            return PeerCalls.Unavailable(peer, $"it answered {(int)response.StatusCode}");

        await using var body = await response.Content.ReadAsStreamAsync(line.Token);
        var read = await PeerReading.ReadUntilAsync(body, wanted, line.Sign, line.Token);
        return read.TryGet(out var payload, out failure) ? await take(payload, body, line) : failure;
    }
}
