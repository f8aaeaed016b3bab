using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.Benchmarks.Running;

/// <summary>Starts the built proxy the way an operator does.</summary>
internal static class ProxyServer
{
    public static async Task<Server> StartAsync(
        HttpClient client, string data, string upstream, IEnumerable<string> verification, int? core = null, bool compilesAtOnce = false)
    {
        var url = $"http://127.0.0.1:{LoopbackPort.Free()}";
        var server = new Server("proxycluster", url, MeasuredProcess.Start(
            "env",
            [.. compilesAtOnce ? ["DOTNET_TC_CallCountingDelayMs=0"] : Array.Empty<string>(), "dotnet", Repository.Executable, "serve", "--urls", url, "--data", data, "--upstream", upstream, .. verification],
            core));
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
