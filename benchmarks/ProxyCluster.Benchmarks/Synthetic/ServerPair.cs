using System.Net;
using System.Security.Cryptography;
using ProxyCluster.Benchmarks.Running;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.Benchmarks.Synthetic;

/// <summary>
/// The proxy, filled, and nginx over the same files with the same headers, in one placement. Before anything is
/// measured, every path was asked of both and answered alike.
/// </summary>
internal sealed class ServerPair(Server proxy, Server nginx) : IAsyncDisposable
{
    public Server Proxy { get; } = proxy;

    public Server Nginx { get; } = nginx;

    public static async Task<ServerPair> StartAsync(ScratchDirectory scratch, SyntheticModules modules, Pinning placement)
    {
        using var client = new HttpClient();
        string[] verification = ["--sumdb", "off", "--no-sumdb", SyntheticModules.NoSumPatterns];
        var data = scratch["data"];

        // 1. A proxy of its own fills the store, so that the one measured has only ever served.
        await using (var filling = await ProxyServer.StartAsync(client, data, modules.Url, verification))
        {
            foreach (var path in SyntheticModules.All)
                (await AskAsync(client, filling, path)).Answer.Dispose();
        }

        var proxy = await ProxyServer.StartAsync(client, data, modules.Url, verification, placement.ServerCore);
        var answers = new Dictionary<string, HttpResponseMessage>();
        Server? nginx = null;
        try
        {
            // 2. Twice, so that what nginx copies are the headers of a hit.
            var bodies = new Dictionary<string, string>();
            foreach (var path in SyntheticModules.All)
            {
                (await AskAsync(client, proxy, path)).Answer.Dispose();
                (answers[path], bodies[path]) = await AskAsync(client, proxy, path);
            }

            nginx = await NginxServer.StartAsync(client, scratch["nginx-" + placement.Name], modules.Directory, answers, placement);
            foreach (var path in SyntheticModules.All)
            {
                var (answer, body) = await AskAsync(client, nginx, path);
                if (body != bodies[path] || HeadersOf(answer) != HeadersOf(answers[path]))
                {
                    throw new InvalidOperationException(
                        $"nginx and the proxy answer {path} differently:\n{HeadersOf(answer)}\n{HeadersOf(answers[path])}");
                }

                answer.Dispose();
            }

            return new ServerPair(proxy, nginx);
        }
        catch
        {
            await proxy.DisposeAsync();
            if (nginx is not null)
                await nginx.DisposeAsync();
            throw;
        }
        finally
        {
            foreach (var answer in answers.Values)
                answer.Dispose();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Proxy.DisposeAsync();
        await Nginx.DisposeAsync();
    }

    private static async Task<(HttpResponseMessage Answer, string Body)> AskAsync(HttpClient client, Server server, string path)
    {
        var answer = await client.GetAsync(server.Url + path, HttpCompletionOption.ResponseHeadersRead);
        await using var body = await answer.Content.ReadAsStreamAsync();
        var hash = Convert.ToHexString(await SHA256.HashDataAsync(body));
        return answer.StatusCode == HttpStatusCode.OK
            ? (answer, hash)
            : throw new InvalidOperationException($"{server.Name} answered {path} with {(int)answer.StatusCode}\n{server.Process.Output}");
    }

    // Who answered and when may differ; nginx offers ranges of everything.
    private static string HeadersOf(HttpResponseMessage answer) => string.Join("\n", answer.Headers.Concat(answer.Content.Headers)
        .Where(h => h.Key is not ("Date" or "Server" or "Connection" or "Keep-Alive" or "Accept-Ranges"))
        .Select(h => $"{h.Key}: {string.Join(", ", h.Value)}")
        .Order(StringComparer.Ordinal));
}
