using ProxyCluster.Cli;
using ProxyCluster.Configuration;
using ProxyCluster.Orleans.Hosting;

return await CommandLine.RunAsync(args,
    new CommandContext(Console.Out, Console.Error, Environment.CurrentDirectory, SettingsInput.ProcessVariables())
    {
        First = static services => services.AddOrleansEngine(),
    });
