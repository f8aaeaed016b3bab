using ProxyCluster.Credentials;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.Tests.Credentials;

/// <summary>Commands as processes.</summary>
public sealed class CommandsTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task Command_GetsItsWordsAndInputAsTheyAre_AndNoneOfOurSettings()
    {
        Environment.SetEnvironmentVariable("PROXYCLUSTER_CREDENTIALS__RULES__0__TOKEN", "hunter2");
        try
        {
            var (output, fault) = await RunAsync("printf '%s|' \"$@\"; cat; env", "a b;$(x)", "line\n");
            Assert.Null(fault);
            Assert.StartsWith("a b;$(x)|line\n", output, StringComparison.Ordinal);
            Assert.Contains("GIT_TERMINAL_PROMPT=0", output, StringComparison.Ordinal);
            Assert.DoesNotContain("hunter2", output, StringComparison.Ordinal);
        }
        finally
        {
            Environment.SetEnvironmentVariable("PROXYCLUSTER_CREDENTIALS__RULES__0__TOKEN", null);
        }
    }

    [Theory]
    [InlineData("echo hunter2; echo hunter2 >&2; exit 3", "ended with status 3")]
    [InlineData("while :; do echo hunter2hunter2hunter2hunter2hunter2hunter2; done", "printed more than")]
    [InlineData("echo hunter2; sleep 600", "ran for more than 0.5 s")]
    [InlineData("echo hunter2; sleep 600 & wait", "ran for more than 0.5 s")]
    public async Task Command_ThatGoesWrong_SaysWhatAndNothingItPrinted(string script, string says)
    {
        var (output, fault) = await RunAsync($"echo $$ > {_scratch["pid"]}; {script}", "", "", TimeSpan.FromMilliseconds(says.StartsWith("ran", StringComparison.Ordinal) ? 500 : 30_000));
        Assert.Contains(says, fault, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", fault + output, StringComparison.Ordinal);
        Assert.False(Directory.Exists("/proc/" + File.ReadAllText(_scratch["pid"]).Trim()));
    }

    [Fact]
    public async Task Command_ThatLeavesSomethingBehind_IsNotWaitedFor()
    {
        var (output, fault) = await RunAsync($"sleep 5 & echo $! > {_scratch["pid"]}; echo done", "", "");
        Assert.Null(fault);
        Assert.Equal("done\n", output);
        using var left = System.Diagnostics.Process.GetProcessById(int.Parse(File.ReadAllText(_scratch["pid"]), System.Globalization.CultureInfo.InvariantCulture));
        left.Kill();
    }

    [Fact]
    public async Task Command_ThatDoesNotReadItsInput_IsNoFault() => Assert.Equal("x\n", (await RunAsync("exec <&-; echo x", "", new string('a', 1 << 20))).Output);

    [Fact]
    public async Task Command_ThatIsNotThere_SaysSo()
    {
        await using var commands = new Commands(TimeSpan.FromSeconds(30), TimeProvider.System);
        Assert.Contains("could not be started", (await commands.RunAsync([_scratch["none"]], "", Token)).Fault, StringComparison.Ordinal);
    }

    private static async Task<CommandResult> RunAsync(string script, string argument, string input, TimeSpan? limit = null)
    {
        await using var commands = new Commands(limit ?? TimeSpan.FromSeconds(30), TimeProvider.System);
        return await commands.RunAsync(["/bin/sh", "-c", script, "sh", argument], input, Token);
    }
}
