using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using ProxyCluster.Policy;
using ProxyCluster.TestKit;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.Benchmarks.Silos;

/// <summary>
/// How long a policy that blocks everything is in force for some while it is rolled out: three regions as processes, and in each of them clients
/// with addresses of their own that keep asking for what is stored.
/// </summary>
internal static class Rollouts
{
    private const int ClientsOfARegion = 70;
    private const string Token = "the-benchmarks-own-token";
    private const string Before = "policy: 1\nrules: []\n";

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    // So long after the last bad answer there is none to come: members hear of the end within two seconds.
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(5);

    public static async Task RunAsync(int rounds)
    {
        using var scratch = new ScratchDirectory();
        await File.WriteAllTextAsync(scratch["tokens"], $"operator benchmark {Token}\n");
        string[] regions = ["tokyo", "frankfurt", "sanjose"];
        var (cluster, silos) = await SiloCluster.StartAsync("zurich", regions, "--set", $"Admin:TokenFile={scratch["tokens"]}", "--set", "Http:MaxWastedPerSecond=0");
        await using var running = cluster;
        var module = cluster.Cold("", null);
        foreach (var silo in silos)
            await SiloCluster.AskAsync(silo, module);

        var (fromOrder, fromFirst) = (new Figures("from the order to the last refusal"), new Figures("from the first refusal to the last"));
        var clients = new List<Client>();
        using var isOver = new CancellationTokenSource();
        for (var i = 0; i < regions.Length * ClientsOfARegion; i++)
            clients.Add(new Client(silos[i % silos.Length], SiloCluster.TargetOf(module), string.Create(CultureInfo.InvariantCulture, $"127.0.{1 + (i / 200)}.{1 + (i % 200)}")));
        var asking = clients.ConvertAll(client => client.AskOnAsync(Pause, isOver.Token));
        for (var round = 1; round <= rounds; round++)
        {
            // 1. All is well, and then it is rolled out, at the next member in turn.
            var at = silos[round % silos.Length];
            await OrderAsync(at, "push", string.Create(CultureInfo.InvariantCulture, $"{Before}# {round}\n"));
            await Task.Delay(Quiet);
            clients.ForEach(static client => client.Begin());
            var began = Stopwatch.GetTimestamp();
            await OrderAsync(at, "rollout", string.Create(CultureInfo.InvariantCulture, $"policy: 1\nrules:\n- {{name: oops, action: block, reason: round {round}}}\n"));

            // 2. Until nobody is refused any more.
            await SiloCluster.UntilAsync(() => clients.Max(static client => client.LastBad) is > 0 and var last && Stopwatch.GetElapsedTime(last) > Quiet);
            var refused = clients.Where(static client => client.LastBad > 0).ToList();
            var (first, end) = (refused.Min(static client => client.FirstBad), refused.Max(static client => client.LastBad));
            fromOrder.Add(Stopwatch.GetElapsedTime(began, end));
            fromFirst.Add(Stopwatch.GetElapsedTime(first, end));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"round {round}: {refused.Count} of {clients.Count} clients were refused {clients.Sum(static client => client.Bad)} of {clients.Sum(static client => client.Asked)} times, for {Stopwatch.GetElapsedTime(began, end).TotalSeconds:F1} s"));
        }

        await isOver.CancelAsync();
        await Task.WhenAll(asking);
        clients.ForEach(static client => client.Dispose());
        Console.WriteLine($"{Figures.Head}\n{fromOrder}\n{fromFirst}");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"by the defaults of {PolicyOptions.Section}; answers that were neither given nor refused: {clients.Sum(static client => client.Odd)}"));
    }

    private static async Task OrderAsync(ProxyProcess silo, string verb, string text)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"-/admin/v1/policy/{verb}") { Content = JsonContent.Create(new { text, reason = "a benchmark" }) };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        using var answer = await silo.Http.SendAsync(request);
        if (!answer.IsSuccessStatusCode)
            throw new HttpRequestException($"{verb}: {await answer.Content.ReadAsStringAsync()}");
    }

    // One address, which asks one thing after the other.
    private sealed class Client(ProxyProcess silo, string target, string address) : IDisposable
    {
        private readonly HttpClient _http = new(ClientAt.Address(address)) { BaseAddress = new Uri(silo.Url) };

        public long FirstBad { get; private set; }

        public long LastBad { get; private set; }

        public long Asked { get; private set; }

        public long Bad { get; private set; }

        public long Odd { get; private set; }

        public void Begin() => (FirstBad, LastBad, Asked, Bad) = (0, 0, 0, 0);

        public async Task AskOnAsync(TimeSpan pause, CancellationToken isOver)
        {
            while (!isOver.IsCancellationRequested)
            {
                try
                {
                    using var answer = await _http.GetAsync(target, CancellationToken.None);
                    Note(answer.StatusCode);
                }
                catch (HttpRequestException)
                {
                    Odd++;
                }

                await Task.Delay(pause, isOver).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        public void Dispose() => _http.Dispose();

        private void Note(HttpStatusCode status)
        {
            Asked++;
            Odd += status is HttpStatusCode.OK or HttpStatusCode.Forbidden ? 0 : 1;
            if (status != HttpStatusCode.Forbidden)
                return;
            Bad++;
            LastBad = Stopwatch.GetTimestamp();
            FirstBad = FirstBad == 0 ? LastBad : FirstBad;
        }
    }
}
