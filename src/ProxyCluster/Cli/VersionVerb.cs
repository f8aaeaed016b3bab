using System.CommandLine;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Cli;

/// <summary><c>version</c>: which program this is and what it stands on.</summary>
internal static class VersionVerb
{
    /// <summary>The verb.</summary>
    public static Command Create(CommandContext context)
    {
        var command = new Command("version", "Print the version, the commit and what it runs on.");
        command.SetAction(_ =>
        {
            context.Out.WriteLine($"proxycluster {BuildInfo.Version}");
            context.Out.WriteLine($"commit       {BuildInfo.Commit ?? "unknown"}");
            context.Out.WriteLine($"runtime      {BuildInfo.Runtime}");
            context.Out.WriteLine($"libcrypto    {BuildInfo.Libcrypto() ?? "not found: signatures of checksum databases cannot be checked"}");
            return ExitStatus.Ok;
        });
        return command;
    }
}
