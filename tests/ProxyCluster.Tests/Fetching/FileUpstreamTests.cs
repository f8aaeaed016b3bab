using ProxyCluster.Fetching;
using ProxyCluster.Outcomes;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.Tests.Fetching;

public sealed class FileUpstreamTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("fetching-").FullName;

    private string ZipFile => Path.Combine(_root, ChainFixture.ZipPath[1..]);

    public FileUpstreamTests()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(ZipFile)!);
        File.WriteAllText(ZipFile, "zip bytes");
    }

    public void Dispose()
    {
        if (Directory.Exists(_root))
            Directory.Delete(_root, recursive: true);
    }

    [Fact]
    public async Task File_ThatIsThere_IsRead()
    {
        using var fixture = new ChainFixture($"file://{_root}");
        Assert.Equal("zip bytes", (await fixture.FetchAsync()).Value);
        Assert.Contains($"proxycluster.upstream.fetches{{upstream=file://{_root},artifact=zip,outcome=ok}} 1", fixture.Measurements);
    }

    [Fact]
    public async Task File_ThatIsMissing_IsProvenAbsent()
    {
        using var fixture = new ChainFixture($"file://{_root}");
        var failure = (await fixture.FetchAsync(new(UpstreamResource.List(ChainFixture.Mux.Path)))).Failure;
        Assert.Equal(FailureKind.NotFound, failure?.Kind);
        Assert.StartsWith("not found: ", failure!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Root_ThatIsMissing_IsAnOutageAndNotAbsence()
    {
        using var fixture = new ChainFixture($"file://{_root}/unmounted");
        Assert.Equal(FailureKind.UpstreamUnavailable, (await fixture.FetchAsync()).Failure?.Kind);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Link_OutOfTheRoot_IsNotFollowed(bool isDirectory)
    {
        var outside = Directory.CreateTempSubdirectory("outside-").FullName;
        try
        {
            File.WriteAllText(Path.Combine(outside, Path.GetFileName(ZipFile)), "not for clients");
            if (isDirectory)
            {
                Directory.Delete(Path.GetDirectoryName(ZipFile)!, recursive: true);
                Directory.CreateSymbolicLink(Path.GetDirectoryName(ZipFile)!, outside);
            }
            else
            {
                File.Delete(ZipFile);
                File.CreateSymbolicLink(ZipFile, Path.Combine(outside, Path.GetFileName(ZipFile)));
            }

            using var fixture = new ChainFixture($"file://{_root}");
            Assert.Equal(FailureKind.Blocked, (await fixture.FetchAsync()).Failure?.Kind);
        }
        finally
        {
            Directory.Delete(outside, recursive: true);
        }
    }

    [Fact]
    public async Task Link_WithinTheRoot_IsFollowed()
    {
        var elsewhere = Path.Combine(_root, "elsewhere.zip");
        File.Move(ZipFile, elsewhere);
        File.CreateSymbolicLink(ZipFile, elsewhere);
        using var fixture = new ChainFixture($"file://{_root}");
        Assert.Equal("zip bytes", (await fixture.FetchAsync()).Value);
    }

    [Fact]
    public async Task Root_ThatIsALink_IsRead()
    {
        var link = _root + "-link";
        Directory.CreateSymbolicLink(link, _root);
        try
        {
            using var fixture = new ChainFixture($"file://{link}");
            Assert.Equal("zip bytes", (await fixture.FetchAsync()).Value);
        }
        finally
        {
            Directory.Delete(link);
        }
    }

    [Fact]
    public async Task Pipe_InPlaceOfAFile_IsInvalidWithoutAWait()
    {
        await Pipe.ReplaceAsync(ZipFile);
        using var fixture = new ChainFixture($"file://{_root}");
        Assert.Equal(FailureKind.UpstreamInvalid, (await await Pipe.ReadAsync(ZipFile, () => fixture.FetchAsync())).Failure?.Kind);
    }

    [Fact]
    public async Task Directory_InPlaceOfAFile_IsInvalid()
    {
        File.Delete(ZipFile);
        Directory.CreateDirectory(ZipFile);
        using var fixture = new ChainFixture($"file://{_root}");
        Assert.Equal(FailureKind.UpstreamInvalid, (await fixture.FetchAsync()).Failure?.Kind);
    }

    [Fact]
    public async Task File_LargerThanTheLimit_IsInvalid()
    {
        using var fixture = new ChainFixture($"file://{_root}");
        Assert.Equal(FailureKind.UpstreamInvalid, (await fixture.FetchAsync(ChainFixture.Zip with { SizeLimit = 8 })).Failure?.Kind);
        Assert.Equal("zip bytes", (await fixture.FetchAsync(ChainFixture.Zip with { SizeLimit = 9 })).Value);
    }

    [Fact]
    public async Task File_UnchangedSinceItsValidators_IsNotModified()
    {
        using var fixture = new ChainFixture($"file://{_root}");
        UpstreamValidators? validators = null;
        for (var round = 0; round < 2; round++)
        {
            var notModified = await fixture.Chain.FetchAsync(
                ChainFixture.Zip with { Validators = validators },
                (answer, _) =>
                {
                    validators = new(answer.Upstream, answer.ETag, answer.LastModified);
                    return Task.FromResult<Outcome<bool>>(answer.NotModified);
                },
                TestContext.Current.CancellationToken);
            Assert.Equal(round == 1, notModified.Value);
        }
    }
}
