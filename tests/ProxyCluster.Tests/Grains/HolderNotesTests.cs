using ProxyCluster.GoModules.Names;
using ProxyCluster.Grains;

namespace ProxyCluster.Tests.Grains;

public sealed class HolderNotesTests
{
    private static readonly HolderState Found = new HolderState().With("tokyo:8080", ArtifactKind.Zip);

    [Fact]
    public async Task Read_ByOneThatBegins_AsksUntilEverybodyHasAnswered()
    {
        var answers = new Queue<(HolderState, bool)>([(new HolderState(), false), (Found, true)]);
        var notes = new HolderNotes(null, () => Task.FromResult(answers.Dequeue()));
        notes.Note("frankfurt:8080", ArtifactKind.Zip);

        Assert.Equal(["frankfurt:8080"], (await notes.ReadAsync()).Of(ArtifactKind.Zip));
        Assert.Equal(["frankfurt:8080", "tokyo:8080"], (await notes.ReadAsync()).Of(ArtifactKind.Zip));
        Assert.Equal(["frankfurt:8080", "tokyo:8080"], (await notes.ReadAsync()).Of(ArtifactKind.Zip));
        Assert.Empty(answers);
    }

    [Fact]
    public async Task Read_WhileTheSearchIsUnderWay_SharesIt()
    {
        var (searches, answer) = (0, new TaskCompletionSource<(HolderState, bool)>());
        var notes = new HolderNotes(null, () =>
        {
            searches++;
            return answer.Task;
        });
        Task<HolderState>[] reads = [notes.ReadAsync(), notes.ReadAsync()];
        answer.SetResult((Found, true));

        Assert.All(await Task.WhenAll(reads), static known => Assert.Equal(["tokyo:8080"], known.Of(ArtifactKind.Zip)));
        Assert.Equal(1, searches);
    }

    [Fact]
    public async Task Read_AfterASearchThatFailed_SearchesAgain()
    {
        var isFirst = true;
        var notes = new HolderNotes(null, () =>
        {
            var wasFirst = isFirst;
            isFirst = false;
            return wasFirst ? throw new IOException("scripted") : Task.FromResult((Found, true));
        });
        await Assert.ThrowsAsync<IOException>(notes.ReadAsync);
        Assert.Equal(["tokyo:8080"], (await notes.ReadAsync()).Of(ArtifactKind.Zip));
    }
}
