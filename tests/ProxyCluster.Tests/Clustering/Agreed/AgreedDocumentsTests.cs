using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using ProxyCluster.Clustering.Agreed;
using ProxyCluster.Clustering.Local;
using ProxyCluster.Outcomes;
using ProxyCluster.Storage;
using ProxyCluster.TestKit;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.Tests.Clustering.Agreed;

/// <summary>How a member follows and changes what the cluster agrees on, with a place for it that the test scripts.</summary>
public sealed class AgreedDocumentsTests : IDisposable
{
    private const string Name = "words";

    private readonly ScratchDirectory _scratch = new();
    private readonly ManualTimeProvider _clock = new();
    private readonly ScriptedCalls _calls = new();
    private readonly List<string> _taken = [];
    private readonly DataTree _tree;
    private Func<string, string?> _fault = static _ => null;

    public AgreedDocumentsTests()
    {
        _tree = new DataTree(_scratch["data"]);
        _tree.Prepare();
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task Change_FromNothing_IsTheFirstRevisionAndInForceHere()
    {
        using var member = await StartAsync();

        var changed = await member.ChangeAsync(Name, Append("a"), Cancel);

        Assert.Equal((1L, "a"), (changed.Value.Revision, Text(changed.Value.Content)));
        Assert.Equal(["a"], _taken);
        Assert.Equal("a", Text(_calls.Standing.Content));
    }

    [Fact]
    public async Task Change_OthersAreFaster_IsMadeFromTheirs()
    {
        using var member = await StartAsync();
        var races = 2;
        _calls.BeforeWrite = () =>
        {
            if (races-- > 0)
                _calls.Standing = _calls.Standing.Next([.. _calls.Standing.Content, (byte)'x']);
        };

        var changed = await member.ChangeAsync(Name, Append("a"), Cancel);

        Assert.Equal((3L, "xxa"), (changed.Value.Revision, Text(changed.Value.Content)));
    }

    [Fact]
    public async Task Change_OthersAreFasterForEver_EndsAndSaysSo()
    {
        using var member = await StartAsync();
        _calls.BeforeWrite = () => _calls.Standing = _calls.Standing.Next([.. _calls.Standing.Content, (byte)'x']);

        Assert.Equal(FailureKind.PeerUnavailable, (await member.ChangeAsync(Name, Append("a"), Cancel)).Failure?.Kind);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Change_NobodyCanBeAsked_ChangesNothingHereAndSaysSo(bool canRead)
    {
        using var member = await StartAsync();
        (_calls.CanRead, _calls.CanWrite) = (canRead, false);

        var failure = (await member.ChangeAsync(Name, Append("a"), Cancel)).Failure;

        Assert.Equal(FailureKind.PeerUnavailable, failure?.Kind);
        Assert.NotNull(failure!.RetryAfter);
        Assert.Empty(_taken);
        Assert.Equal(0, member.RevisionOf(Name));
    }

    [Fact]
    public async Task Change_TheStepRefuses_IsItsFailure()
    {
        using var member = await StartAsync();

        var changed = await member.ChangeAsync(Name, static _ => new Failure(FailureKind.NotFound, "no such word"), Cancel);

        Assert.Equal("no such word", changed.Failure?.Message);
        Assert.Equal(0, _calls.Standing.Revision);
    }

    [Fact]
    public async Task Change_ThatChangesNothing_IsNoNewRevision()
    {
        using var member = await StartAsync();
        await member.ChangeAsync(Name, Append("a"), Cancel);

        var again = await member.ChangeAsync(Name, static json => json.ToArray(), Cancel);

        Assert.Equal((1L, 1L), (again.Value.Revision, _calls.Standing.Revision));
    }

    [Fact]
    public async Task News_OfOthers_IsInForceWithinTheInterval()
    {
        using var member = await StartAsync();
        await _calls.AskedAsync(1);
        _calls.Standing = new AgreedDocument(7, "b"u8.ToArray());

        await _clock.TimerDueIn(AgreedDocuments.Interval);
        _clock.Advance(AgreedDocuments.Interval);
        await _calls.AskedAsync(2);
        await Waiting.UntilAsync(() => _taken.Count > 0, "it is taken");

        Assert.Equal(["b"], _taken);
        Assert.Equal(7, member.RevisionOf(Name));
    }

    [Fact]
    public async Task Start_WhileNobodyCanBeAsked_ObeysWhatWasKnown()
    {
        using (var before = await StartAsync())
            await before.ChangeAsync(Name, Append("a"), Cancel);
        _taken.Clear();
        _calls.CanRead = false;

        using var member = await StartAsync();

        Assert.Equal(["a"], _taken);
        Assert.Equal(1, member.RevisionOf(Name));
    }

    [Theory]
    [InlineData("")]
    [InlineData("one\na")]
    [InlineData("-1\na")]
    [InlineData("1 \na")]
    [InlineData("1")]
    public async Task Start_WithADamagedFile_CountsAsKnowingNothing(string text)
    {
        await File.WriteAllTextAsync(Path.Combine(_tree.Agreed, Name), text, Cancel);
        _calls.CanRead = false;

        using var member = await StartAsync();

        Assert.Empty(_taken);
        Assert.Equal(0, member.RevisionOf(Name));
    }

    [Fact]
    public async Task News_ThatCannotBeRead_IsNotAskedForAgainAndTheNextOneIs()
    {
        _fault = static text => text == "?" ? "it is a question" : null;
        using var member = await StartAsync();
        _calls.Standing = new AgreedDocument(1, "?"u8.ToArray());
        Assert.True(await member.FollowAsync(Reader, Cancel));
        Assert.True(await member.FollowAsync(Reader, Cancel));
        Assert.Equal(["?"], _taken);

        _calls.Standing = new AgreedDocument(2, "b"u8.ToArray());
        await member.FollowAsync(Reader, Cancel);

        Assert.Equal(["?", "b"], _taken);
    }

    [Fact]
    public async Task Place_ThatHasLostIt_IsToldByWhoKnowsMost()
    {
        var cluster = new LocalCluster();
        using (var before = await StartAsync(new LocalAgreedCalls(cluster)))
        {
            await before.ChangeAsync(Name, Append("a"), Cancel);
            await before.ChangeAsync(Name, Append("b"), Cancel);
        }

        var another = new LocalCluster();
        using var member = await StartAsync(new LocalAgreedCalls(another));
        await member.FollowAsync(Reader, Cancel);

        Assert.Equal((2L, "ab"), (another.AgreedOrNull(Name, AgreedDocument.None)!.Revision, Text(another.AgreedOrNull(Name, AgreedDocument.None)!.Content)));
    }

    [Fact]
    public async Task Start_WithAFileThatIsNotUnderstood_AsksForItAnew()
    {
        using (var before = await StartAsync())
            await before.ChangeAsync(Name, Append("a"), Cancel);
        await File.WriteAllTextAsync(Path.Combine(_tree.Agreed, Name), "1\n?", Cancel);
        _fault = static text => text == "?" ? "it is a question" : null;

        using var member = await StartAsync();
        Assert.True(await member.FollowAsync(Reader, Cancel));

        Assert.Equal("a", _taken[^1]);
        Assert.Equal("1\na", await File.ReadAllTextAsync(Path.Combine(_tree.Agreed, Name), Cancel));
    }

    // Two halves of a cluster went on by themselves, or a member has a disk from before the cluster began anew.
    [Theory]
    [InlineData(2)]
    [InlineData(40)]
    public async Task Place_ThatWasChangedSince_IsRightWhateverNumberAMemberKnows(long revision)
    {
        var cluster = new LocalCluster();
        using (var other = await StartAsync(new LocalAgreedCalls(cluster)))
        {
            await other.ChangeAsync(Name, Append("a"), Cancel);
            await other.ChangeAsync(Name, Append("b"), Cancel);
        }

        await File.WriteAllTextAsync(Path.Combine(_tree.Agreed, Name), $"{revision}\nelsewhere", Cancel);
        using var member = await StartAsync(new LocalAgreedCalls(cluster));
        Assert.Equal("elsewhere", _taken[^1]);
        await member.FollowAsync(Reader, Cancel);

        Assert.Equal(("ab", 2L), (_taken[^1], member.RevisionOf(Name)));
        Assert.Equal("abc", Text((await member.ChangeAsync(Name, Append("c"), Cancel)).Value.Content));
    }

    [Fact]
    public void Place_ThatWasBroughtToAndNotChanged_BelievesWhoKnowsMore()
    {
        var place = new AgreedPlace();
        Assert.Equal(3, place.Read(new AgreedDocument(3, "c"u8.ToArray())).Revision);
        Assert.Equal(5, place.Read(new AgreedDocument(5, "e"u8.ToArray())).Revision);
        Assert.Equal(5, place.Read(new AgreedDocument(4, "d"u8.ToArray())).Revision);

        Assert.False(place.TryChange(new AgreedDocument(5, "other"u8.ToArray()), []));
        Assert.True(place.TryChange(place.Standing, []));
        Assert.Equal(6, place.Read(new AgreedDocument(9, "i"u8.ToArray())).Revision);
    }

    private AgreedReader Reader => new(Name, json =>
    {
        _taken.Add(Text(json.ToArray()));
        return _fault(_taken[^1]);
    });

    private async Task<AgreedDocuments> StartAsync(IAgreedCalls? calls = null)
    {
        var file = new AgreedFile(_tree, new NoFlush(), Options.Create(new StorageOptions { Data = _tree.Root }), NullLogger<AgreedFile>.Instance);
        var member = new AgreedDocuments(calls ?? _calls, file, [Reader], _clock, NullLogger<AgreedDocuments>.Instance);
        await member.StartAsync(Cancel);
        return member;
    }

    private static Func<ReadOnlyMemory<byte>, Outcome<byte[]>> Append(string text) => json => (byte[])[.. json.Span, .. Encoding.UTF8.GetBytes(text)];

    private static string Text(byte[] content) => Encoding.UTF8.GetString(content);

    private sealed class ScriptedCalls : IAgreedCalls
    {
        private int _asked;

        public AgreedDocument Standing { get; set; } = AgreedDocument.None;

        public bool CanRead { get; set; } = true;

        public bool CanWrite { get; set; } = true;

        public Action BeforeWrite { get; set; } = static () => { };

        public Task AskedAsync(int times) => Waiting.UntilAsync(() => Volatile.Read(ref _asked) >= times, "it is asked");

        public Task<AgreedDocument?> ReadAsync(string name, AgreedDocument known, CancellationToken cancel)
        {
            Interlocked.Increment(ref _asked);
            return Task.FromResult(CanRead ? Standing : null);
        }

        public Task<AgreedWrite> WriteAsync(string name, AgreedDocument known, byte[] next, CancellationToken cancel)
        {
            BeforeWrite();
            if (!CanWrite)
                return Task.FromResult(AgreedWrite.Unavailable);
            if (known.Revision != Standing.Revision)
                return Task.FromResult(AgreedWrite.Superseded);
            Standing = known.Next(next);
            return Task.FromResult(AgreedWrite.Written);
        }
    }
}
