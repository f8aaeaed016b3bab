using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using ProxyCluster.Clustering;
using ProxyCluster.Lines;

namespace ProxyCluster.Failover;

/// <summary>
/// The way to the authority, wherever it is: a signed call, or a method where this member holds the office. There may be
/// none for a moment; nobody waits for one.
/// </summary>
internal sealed class AuthorityCalls(ClusterSelf self, FailoverAuthority authority, PeerCalls calls, TimeProvider clock, IHealthCalls? own = null)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    /// <summary>Hands a report in; false when it did not arrive within the limit.</summary>
    public async Task<bool> ReportAsync(HealthReport report, TimeSpan limit, CancellationToken cancel)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(report, FailoverJson.Default.HealthReport);
        var deputies = Task.WhenAll(Deputies.Of(self.View).Select(deputy => TellAsync(deputy, report, body, limit, cancel)));
        var isHeard = await TellAuthorityAsync(report, body, limit, cancel);
        await deputies;
        return isHeard;
    }

    private async Task<bool> TellAuthorityAsync(HealthReport report, byte[] body, TimeSpan limit, CancellationToken cancel)
    {
        if (self.View.AuthorityOrNull is not { } holder)
            return false;

        // Silence is what the authority judges by, so the engine's own way must not be the only one.
        if (own is not null && holder.Id != self.Member.Id && await own.ReportAsync(report, limit / 2, cancel))
            return true;

        return await TellAsync(holder, report, body, limit, cancel);
    }

    private async Task<bool> TellAsync(Member listener, HealthReport report, byte[] body, TimeSpan limit, CancellationToken cancel)
    {
        if (listener.Id != self.Member.Id)
            return await SendAsync(listener, HttpMethod.Post, PeerTarget.Health, body, null, limit, cancel) is { IsOk: true };
        authority.Accept(report);
        return true;
    }

    /// <summary>Has an operator's order obeyed.</summary>
    public async Task<OperatorAnswer> OrderAsync(OperatorCommand command, CancellationToken cancel)
    {
        if (self.View.AuthorityOrNull is not { } holder)
            return Unavailable("there is no authority at the moment; try again in a few seconds");
        if (holder.Id == self.Member.Id)
            return await authority.OrderAsync(command, cancel);

        var body = JsonSerializer.SerializeToUtf8Bytes(command, FailoverJson.Default.OperatorCommand);
        var answer = await SendAsync(holder, HttpMethod.Post, PeerTarget.Order, body, FailoverJson.Default.OperatorAnswer, Limit, cancel);
        return answer.Value ?? Unavailable($"the authority {holder.Id} did not answer; try again in a few seconds");
    }

    /// <summary>The cluster as the authority knows it, or as this member does where that cannot be asked.</summary>
    public async Task<ClusterStatus> StatusAsync(CancellationToken cancel)
    {
        if (self.View.AuthorityOrNull is not { } holder || holder.Id == self.Member.Id)
            return authority.Status();
        var answer = await SendAsync(holder, HttpMethod.Get, PeerTarget.Status, null, FailoverJson.Default.ClusterStatus, Limit, cancel);
        return answer.Value ?? authority.Status();
    }

    private OperatorAnswer Unavailable(string message) => new(OperatorResult.Unavailable, message, self.View.Routing.Epoch, null);

    private async Task<Answer<T>> SendAsync<T>(
        Member holder, HttpMethod method, string target, byte[]? body, JsonTypeInfo<T>? type, TimeSpan limit, CancellationToken cancel)
        where T : class
    {
        using var late = new CancellationTokenSource(limit, clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancel);
        try
        {
            var sent = await calls.SendAsync(holder, method, target, null, both.Token, body);
            if (!sent.TryGet(out var response, out _))
                return default;
            using (response)
            {
                var value = type is not null && response.IsSuccessStatusCode
                    ? await response.Content.ReadFromJsonAsync(type, both.Token)
                    : null;
                return new Answer<T>(response.IsSuccessStatusCode, value);
            }
        }
        catch (Exception e) when (e is JsonException or HttpRequestException or IOException
            || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            return default;
        }
    }

    private Task<Answer<object>> SendAsync(
        Member holder, HttpMethod method, string target, byte[]? body, object? none, TimeSpan limit, CancellationToken cancel) =>
        SendAsync<object>(holder, method, target, body, null, limit, cancel);

    private readonly record struct Answer<T>(bool IsOk, T? Value)
        where T : class;
}
