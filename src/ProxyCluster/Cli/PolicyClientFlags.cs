using System.CommandLine;
using ProxyCluster.Admin;

namespace ProxyCluster.Cli;

/// <summary>The flags that say as which client a policy is asked.</summary>
internal sealed record PolicyClientFlags(Option<string?> Subject, Option<string[]> Groups, Option<string?> Namespace, Option<string?> Address)
{
    /// <summary>Makes them, and adds them to a verb.</summary>
    public static PolicyClientFlags AddTo(Command command)
    {
        var flags = new PolicyClientFlags(
            new Option<string?>("--subject") { Description = "As this client. Default: one who has not logged in.", HelpName = "NAME" },
            new Option<string[]>("--group") { Description = "Of this group; may be given again.", HelpName = "NAME" },
            new Option<string?>("--namespace") { Description = "In this namespace. Default: in none.", HelpName = "NAME" },
            new Option<string?>("--address") { Description = "From this address. Default: from one that no network has.", HelpName = "IP" });
        foreach (var option in new Option[] { flags.Subject, flags.Groups, flags.Namespace, flags.Address })
            command.Options.Add(option);
        return flags;
    }

    /// <summary>What is asked, by the client of the command line.</summary>
    public ExplainBody Read(ParseResult parsed, string asked) =>
        new(asked, parsed.GetValue(Subject), parsed.GetValue(Groups), parsed.GetValue(Namespace), parsed.GetValue(Address));
}
