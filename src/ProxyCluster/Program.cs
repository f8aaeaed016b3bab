using ProxyCluster.Cli;
using ProxyCluster.Configuration;
using ProxyCluster.Hosting;

NativeHeaps.Bound();
return await CommandLine.RunAsync(args,
    new CommandContext(Console.Out, Console.Error, Environment.CurrentDirectory, SettingsInput.ProcessVariables()) { OwnsProcess = true, In = new StreamReader(Console.OpenStandardInput()) });
