using System.Net;
using System.Net.Sockets;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Drills.Load;

/// <summary>
/// A client as <c>go</c> is one: it tries the front ends that its GOPROXY lists, separated by <c>|</c>, until one answers.
/// Unlike <c>go</c> it does not wait for ever for one that accepts a connection and stays silent, as the load balancer in
/// front of a real farm would not.
/// </summary>
/// <param name="region">Where it is.</param>
/// <param name="doors">The front ends, in the order in which to try them.</param>
/// <param name="http">Shared by all clients of a drill.</param>
/// <param name="patience">Time for one door to answer in full, before the next is tried.</param>
/// <param name="clock">Measures it.</param>
internal sealed class DrillClient(
    string region, IReadOnlyList<Uri> doors, HttpClient http, TimeSpan patience, TimeProvider clock)
{
    private const string CauseHeader = "X-ProxyCluster-Cause";

    /// <summary>Where it is.</summary>
    public string Region => region;

    /// <summary>Asks for something.</summary>
    /// <returns>
    /// How it ended, why (the last door's cause, and those of the doors before it), and how many doors it took. Everything
    /// that is no right answer of status 200 is a failure here.
    /// </returns>
    public async Task<(Ending Ending, string? Cause, int Doors)> AskAsync(DrillObject asked, CancellationToken cancel)
    {
        var before = "";
        for (var door = 0; ; door++)
        {
            var (ending, cause) = await AskAsync(doors[door], asked, cancel);
            if (ending != Ending.Failed || door == doors.Count - 1)
                return (ending, cause is null || before.Length == 0 ? cause : $"{cause} (after {before})", door + 1);
            before = before.Length == 0 ? cause! : $"{before}, {cause}";
        }
    }

    private async Task<(Ending Ending, string? Cause)> AskAsync(Uri door, DrillObject asked, CancellationToken cancel)
    {
        using var late = new CancellationTokenSource(patience, clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancel, late.Token);
        try
        {
            using var answer = await http.GetAsync(new Uri(door, "/" + asked.Path), both.Token);
            if (answer.StatusCode != HttpStatusCode.OK)
                return (Ending.Failed, CauseOf(answer));
            var body = await answer.Content.ReadAsByteArrayAsync(both.Token);
            return asked.IsRight(body) ? (Ending.Ok, null) : (Ending.Wrong, "wrong bytes");
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return (Ending.Failed, "silence");
        }
        catch (HttpRequestException e)
        {
            return (Ending.Failed, e.InnerException is SocketException { SocketErrorCode: var code } ? code.ToString() : e.HttpRequestError.ToString());
        }
        catch (IOException)
        {
            return (Ending.Failed, "cut short");
        }
    }

    private static string CauseOf(HttpResponseMessage answer)
    {
        var cause = answer.Headers.TryGetValues(CauseHeader, out var values) ? LogText.Clean(values.First(), LogText.MaxValue) : "no cause";
        return $"{(int)answer.StatusCode} {cause}";
    }

    /// <summary>Is this the cause of a failure that an outage of upstream explains, told as design rule 4 wants it?</summary>
    public static bool IsHonestOutage(string? cause) =>
        cause is not null && (cause.StartsWith("502 ", StringComparison.Ordinal)
            || cause.StartsWith("503 ", StringComparison.Ordinal)
            || cause.StartsWith("504 ", StringComparison.Ordinal));
}
