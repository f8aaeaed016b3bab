using System.Net;

namespace ProxyCluster.Benchmarks.Running;

/// <summary>An HTTP server under measurement.</summary>
internal sealed class Server(string name, string url, MeasuredProcess process) : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public string Name { get; } = name;

    /// <summary>Without a trailing slash.</summary>
    public string Url { get; } = url;

    public MeasuredProcess Process { get; } = process;

    /// <summary>Waits until <paramref name="path"/> answers 200.</summary>
    public async Task ReadyAsync(HttpClient client, string path)
    {
        using var late = new CancellationTokenSource(Patience);
        while (true)
        {
            if (Process.HasExited || late.IsCancellationRequested)
                throw new InvalidOperationException($"{Name} did not get ready:\n{Process.Output}");
            try
            {
                using var answer = await client.GetAsync(Url + path, late.Token);
                if (answer.StatusCode == HttpStatusCode.OK)
                    return;
            }
            catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
            {
                // Not listening yet.
            }

            await Task.Delay(50);
        }
    }

    public ValueTask DisposeAsync() => Process.DisposeAsync();
}
