using System.Globalization;
using ProxyCluster.Orleans.Benchmarks;

var rounds = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 10;
switch (args.FirstOrDefault())
{
    case "calls":
        await OwnerCalls.RunAsync();
        return 0;
    case "deaths":
        await Deaths.RunAsync(rounds);
        return 0;
    case "load":
        return await BusyMachine.RunAsync(TimeSpan.FromSeconds(60)) ? 0 : 1;
    case "region":
        await RegionLoss.RunAsync(rounds);
        return 0;
    default:
        Console.Error.WriteLine("calls | deaths [rounds] | load | region [rounds]");
        return 2;
}
