using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace ProxyCluster.Cli;

/// <summary>Ends a verb's help with lines that can be copied.</summary>
internal static class Examples
{
    /// <summary>Adds the examples to the verb's <c>--help</c>.</summary>
    public static void Attach(Command command, params string[] lines)
    {
        var help = command.Options.OfType<HelpOption>().FirstOrDefault();
        if (help is null)
            command.Options.Add(help = new HelpOption());
        help.Action = new HelpWithExamples((HelpAction)help.Action!, lines);
    }

    /// <summary>The usual help, then the examples.</summary>
    internal sealed class HelpWithExamples(HelpAction usual, string[] lines) : SynchronousCommandLineAction
    {
        /// <inheritdoc/>
        public override bool ClearsParseErrors => true;

        /// <inheritdoc/>
        public override int Invoke(ParseResult parseResult)
        {
            var status = usual.Invoke(parseResult);
            var output = parseResult.InvocationConfiguration.Output;
            output.WriteLine("Examples:");
            foreach (var line in lines)
                output.WriteLine("  " + line);
            return status;
        }
    }
}
