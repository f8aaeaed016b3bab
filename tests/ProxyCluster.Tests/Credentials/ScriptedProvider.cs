using System.Collections.Concurrent;
using System.Net;
using System.Text;

namespace ProxyCluster.Tests.Credentials;

/// <summary>An identity provider that answers by script, without a connection.</summary>
internal sealed class ScriptedProvider(Func<IReadOnlyDictionary<string, string>, (int Status, string Json)> answer) : HttpMessageHandler
{
    public ConcurrentQueue<(string Url, IReadOnlyDictionary<string, string> Form)> Calls { get; } = new();

    /// <summary>Holds every answer until it is completed.</summary>
    public TaskCompletionSource Gate { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the first request is there.</summary>
    public TaskCompletionSource Asked { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public bool IsHeld { get; set; }

    public bool IsAway { get; set; }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var body = request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken);
        var form = body.Split('&', StringSplitOptions.RemoveEmptyEntries).Select(static field => field.Split('='))
            .ToDictionary(static field => field[0], static field => Uri.UnescapeDataString(field[1].Replace('+', ' ')), StringComparer.Ordinal);
        Calls.Enqueue((request.RequestUri!.AbsoluteUri, form));
        Asked.TrySetResult();
        if (IsHeld)
            await Gate.Task.WaitAsync(cancellationToken);
        if (IsAway)
            throw new HttpRequestException(HttpRequestError.ConnectionError);
        var (status, json) = answer(form);
        return new HttpResponseMessage((HttpStatusCode)status) { Content = new StringContent(json, Encoding.UTF8, "application/json") };
    }
}
