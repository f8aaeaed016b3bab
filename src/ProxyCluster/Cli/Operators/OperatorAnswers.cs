using ProxyCluster.Outcomes;
using Spectre.Console;

namespace ProxyCluster.Cli.Operators;

/// <summary>How operators' commands print.</summary>
internal static class OperatorAnswers
{
    private const int WidthOfFiles = 160;

    /// <summary>Says why not.</summary>
    public static async Task<int> FailAsync(CommandContext context, Failure failure, int status)
    {
        await context.Error.WriteLineAsync("proxycluster: " + failure.Message).ConfigureAwait(false);
        return status;
    }

    /// <summary>For tables: in colour on a terminal, plain and wide in a file.</summary>
    public static IAnsiConsole Console(CommandContext context)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(context.Out) });
        if (!console.Profile.Out.IsTerminal)
        {
            console.Profile.Width = WidthOfFiles;
            console.Profile.Capabilities.Ansi = false;
            console.Profile.Capabilities.ColorSystem = ColorSystem.NoColors;
        }

        return console;
    }
}
