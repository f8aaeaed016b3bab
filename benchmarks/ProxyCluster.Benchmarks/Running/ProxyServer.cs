namespace ProxyCluster.Benchmarks.Running;

/// <summary>Starts the built proxy the way an operator does.</summary>
internal static class ProxyServer
{
    // What the shell around us says about Go must not reach the proxy.
    private static readonly string[] Foreign =
        ["GOPROXY", "GOSUMDB", "GONOSUMDB", "GONOSUMCHECK", "GOPRIVATE", "GONOPROXY", "GOFLAGS", "ASPNETCORE_URLS"];

    public static async Task<Server> StartAsync(
        HttpClient client, string data, string upstream, IEnumerable<string> verification, int? core = null)
    {
        var url = $"http://127.0.0.1:{Server.FreePort()}";
        var server = new Server("proxycluster", url, ChildProcess.Start(
            "dotnet",
            [Repository.ProxyAssembly, "serve", "--urls", url, "--data", data, "--upstream", upstream, .. verification],
            core,
            Foreign.ToDictionary(name => name, _ => (string?)null),
            Path.GetDirectoryName(data)));
        try
        {
            await server.ReadyAsync(client, "/readyz");
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }
}
