using System.Globalization;

namespace ProxyCluster.Benchmarks.Silos;

/// <summary>
/// What silos cost and how soon they notice deaths. Run by hand, <c>benchmarks/run silos calls</c>: rounds that kill and
/// freeze processes take minutes.
/// </summary>
internal static class SilosProgram
{
    /// <summary>The word on the command line that leads here.</summary>
    public const string Verb = "silos";

    public static async Task<int> RunAsync(string[] args)
    {
        var rounds = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 10;
        switch (args.FirstOrDefault())
        {
            case "calls":
                await OwnerCalls.RunAsync();
                return 0;
            case "alone":
                await Alone.RunAsync(rounds, args.ElementAtOrDefault(2), args.ElementAtOrDefault(3));
                return 0;
            case "deaths":
                await Deaths.RunAsync(rounds);
                return 0;
            case "load":
                return await BusyMachine.RunAsync(TimeSpan.FromSeconds(60)) ? 0 : 1;
            case "ocean":
                await Ocean.RunAsync(rounds, args.ElementAtOrDefault(2));
                return 0;
            case "region":
                await RegionLoss.RunAsync(rounds);
                return 0;
            case "rollout":
                await Rollouts.RunAsync(rounds);
                return 0;
            default:
                await Console.Error.WriteLineAsync("benchmarks/run silos alone [rounds [PROGRAM [OTHER]]] | calls | deaths [rounds] | load | ocean [rounds [PROGRAM]] | region [rounds] | rollout [rounds]");
                return 2;
        }
    }
}
