using ProxyCluster.Clustering.Local;
using ProxyCluster.Policy;
using ProxyCluster.TestKit;

namespace ProxyCluster.Tests.Policy;

/// <summary>A file that is pushed whenever it changes, and never because a member starts.</summary>
public sealed class PolicyFileTests : IAsyncLifetime
{
    private const string One = "policy: 1\nrules: []\n";
    private const string Two = "policy: 1\nrules: []\n# two\n";

    private readonly PolicyMember _member = new();
    private PolicyFile _file = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        _member.Options.File = _member.Path;
        _file = NewFile(_member);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _file.StopAsync(CancellationToken.None);
        _file.Dispose();
        await _member.DisposeAsync();
    }

    [Fact]
    public async Task File_ThatChanges_IsPushedEachTimeAndBackToo()
    {
        File.WriteAllText(_member.Path, One);
        await _file.StartAsync(Cancel);
        await UntilAsync(1);
        foreach (var (text, number) in ((string, int)[])[(Two, 2), (One, 3)])
        {
            File.WriteAllText(_member.Path, text);
            await UntilAsync(number);
        }

        Assert.Equal("file policy.yaml", _member.Book.Archive.CurrentOrNull!.By);
    }

    [Fact]
    public async Task File_WhoseTextTheClusterHadBefore_IsNotPushedAtTheStart()
    {
        await _member.Orders.PushAsync(One, "alice", "x", Cancel);
        await _member.Orders.PushAsync(Two, "alice", "x", Cancel);
        File.WriteAllText(_member.Path, One);
        await _file.StartAsync(Cancel);
        await _member.TurnAsync();
        Assert.Equal(2, _member.Book.Current.Number);

        // But once somebody has written it, it is his word.
        File.WriteAllText(_member.Path, One + "# three\n");
        await UntilAsync(3);
    }

    [Fact]
    public async Task File_WhoseTextTheClusterHadBefore_IsNotPushedByAMemberThatHasNotHeardOfIt()
    {
        var cluster = new LocalCluster();
        await using var old = new PolicyMember(cluster);
        await old.Orders.PushAsync(One, "alice", "x", Cancel);
        await old.Orders.PushAsync(Two, "alice", "x", Cancel);

        await using var young = new PolicyMember(cluster);
        young.Options.File = young.Path;
        File.WriteAllText(young.Path, One);
        using var file = NewFile(young);
        await file.StartAsync(Cancel);
        await young.TurnAsync();
        Assert.Equal(2, young.Book.Current.Number);
        await file.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task File_WhoseTextWentBackWhenItWasRolledOut_IsNotPushedAtTheStart()
    {
        await _member.Orders.PushAsync(One, "alice", "x", Cancel);
        await _member.Orders.EndAsync((await _member.Orders.BeginAsync(Two, "alice", "x", Cancel)).Value, "back at 5 %", Cancel);
        File.WriteAllText(_member.Path, Two);
        await _file.StartAsync(Cancel);
        await _member.TurnAsync();
        Assert.Equal(1, _member.Book.Current.Number);
    }

    [Fact]
    public async Task File_WithMistakesOrMissing_IsSaidOnceAndChangesNothing()
    {
        await _file.StartAsync(Cancel);
        await _member.TurnAsync();
        await _member.TurnAsync();
        File.WriteAllText(_member.Path, "policy: 1\nrules: 1\n");
        for (var turn = 0; turn < 3; turn++)
            await _member.TurnAsync();
        Assert.Equal(0, _member.Book.Current.Number);
        Assert.Single(_member.Log.Lines, static line => line.Contains("is not in force", StringComparison.Ordinal));
        Assert.Single(_member.Log.Lines, static line => line.Contains("has a mistake, so the policy before stays in force: 2:8: rules must be a list", StringComparison.Ordinal));

        File.WriteAllText(_member.Path, One);
        await UntilAsync(1);
    }

    private static PolicyFile NewFile(PolicyMember member) =>
        new(member.Book, member.Orders, member.Configured(), member.Clock, member.Logger<PolicyFile>());

    private Task UntilAsync(long number) => Waiting.UntilAsync(async () =>
    {
        await _member.TurnAsync();
        return _member.Book.Current.Number == number;
    }, $"policy {number} is in force");
}
