using System.CommandLine;

namespace ProxyCluster.Cli;

/// <summary><c>--silos</c>: how large each region of a cluster of processes is.</summary>
internal static class SilosOption
{
    /// <summary>The option.</summary>
    public static Option<int> Create()
    {
        var silos = new Option<int>("--silos") { Description = "Silos in each region. Default 2.", HelpName = "N", DefaultValueFactory = static _ => 2 };
        silos.Validators.Add(static result =>
        {
            if (result.GetValueOrDefault<int>() is not (>= 1 and <= 16))
                result.AddError("--silos must be from 1 to 16");
        });
        return silos;
    }
}
