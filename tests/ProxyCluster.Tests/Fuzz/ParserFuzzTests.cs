using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using CsCheck;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using ProxyCluster.GoModules.ChecksumDatabase;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Notes;
using ProxyCluster.GoModules.Protocol;
using ProxyCluster.GoModules.TransparencyLog;
using ProxyCluster.Http;
using ProxyCluster.Lines;
using ProxyCluster.Queries;
using ProxyCluster.Storage;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.Tests.Storage;
using ProxyCluster.Tests.Verification;

namespace ProxyCluster.Tests.Fuzz;

/// <summary>
/// Parsers of what strangers send never throw, and what they accept is what its writer would have written. A second each;
/// by hand PROXYCLUSTER_TESTS_FUZZ=600 has each run for so many. A failure names the seed that brings it again.
/// </summary>
public sealed class ParserFuzzTests
{
    private static readonly int Seconds =
        int.TryParse(Environment.GetEnvironmentVariable("PROXYCLUSTER_TESTS_FUZZ"), CultureInfo.InvariantCulture, out var seconds) ? seconds : 1;

    private static readonly byte[][] Words =
        [.. ((string[])["/", "//", "..", "/../", "%", "%2f", "%2F", "%00", "%e9", "!", "!!", "!a", "@", "@v", "@v/list", "@latest", "\n", "\n\n", "\r", "\0", " ", "—", "\u2014 ",
            "v1", "v1.2.3", "v0.0.0-20200101000000-abcdefabcdef", "+incompatible", ".info", ".mod", ".zip", ".p/", "000", "x001", "255", "256", "-1", "9223372036854775807",
            "9223372036854775808", "{", "}", "[", "]", "null", "\"", "\\u0000", "\\ud800", "\"format\":1", "h1:", "=", "http://a", "?", "#"]).Select(Encoding.UTF8.GetBytes)];

    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void RequestTarget_ThatIsDecoded_AsksForWhatItsPathSays() => Fuzz(
        ["/github.com/!burnt!sushi/toml/@v/v1.2.0.zip", "/gopkg.in/yaml.v3/@v/list", "/example.com/a/v2/@latest", "/example.com/a/@v/feature%2Fx.info",
            "http://proxy/example.com/a/@v/v1.info?x=1", "/sumdb/sum.golang.org/tile/8/0/x001/234.p/5", "/example.com/a/@v/v2.0.0+incompatible.mod"],
        static bytes =>
        {
            var target = Encoding.Latin1.GetString(bytes);
            _ = RequestTarget.From(target);
            if (!RequestTarget.TryDecode(RequestTarget.PathOf(target), out var path, out var error))
                return error.Length > 0;

            Assert.DoesNotContain(path, static c => c is < ' ' or > '~');
            Assert.DoesNotContain(path.Split('/')[1..], static element => element is "." or "..");
            var asked = ProxyPath.Parse(path[1..]);
            return asked.Asked switch
            {
                Asked.Artifact => path[1..] == ProxyPath.Of(asked.Module, asked.Kind),
                Asked.Query => asked.Query.Key == path[1..],
                _ => true,
            };
        });

    [Fact]
    public async Task Note_ThatOpens_HasATextThatWasSigned()
    {
        var (notes, database) = await NotesAsync();
        var signed = notes.Select(note => Open(note, out var text) ? text : throw new InvalidOperationException()).ToHashSet();
        Fuzz(notes, bytes =>
        {
            if (!Open(bytes, out var text))
                return true;
            return signed.Contains(text) && TreeNote.TryParse(text, out var head, out _) && head.Size > 0;
        });

        bool Open(byte[] bytes, out string text)
        {
            var isOpen = SignedNote.TryOpen(bytes, [database.Key], out var note, out var error);
            Assert.NotEqual(isOpen, error is { Length: > 0 });
            text = note?.Text ?? "";
            return isOpen;
        }
    }

    // Go takes the root's last two bits as they come, so a tree has more than one spelling; a signature is of one.
    [Fact]
    public void Tree_ThatIsParsed_IsWrittenAsTheSameTree() => Fuzz(
        [TreeNote.Format(new TreeHead(5, GoModules.Digest.Of("x"u8))), TreeNote.Format(new TreeHead(long.MaxValue, GoModules.Digest.Of("y"u8))) + "more\n"],
        static bytes =>
        {
            var text = Encoding.UTF8.GetString(bytes);
            return !TreeNote.TryParse(text, out var head, out var error)
                ? error.Length > 0
                : TreeNote.TryParse(TreeNote.Format(head), out var again, out _) && again == head;
        });

    [Fact]
    public void Tile_ThatIsParsed_HasOneSpelling() => Fuzz(
        ["tile/8/0/000", "tile/8/63/x001/x234/067.p/1", "tile/8/data/x001/234", "tile/8/data/000.p/255"],
        static bytes =>
        {
            var path = Encoding.UTF8.GetString(bytes);
            if (!Tile.TryParse(path, out var tile))
                return true;
            _ = tile.BeginningOrNull(bytes);
            return tile.ToString() == path;
        });

    [Fact]
    public async Task Lookup_ThatIsParsed_IsTheOneThatWasSent()
    {
        var (_, database) = await NotesAsync();
        List<byte[]> lookups = [];
        for (var i = 0; i < 5; i++)
            lookups.Add((await database.ReadAsync(DatabaseServer.LookupPath(i), TestContext.Current.CancellationToken)).Body.ToArray());
        Fuzz(lookups, static bytes => LookupResponse.TryParse(bytes, out var response, out var error)
            ? response.ToBytes().AsSpan().SequenceEqual(bytes)
            : error.Length > 0);
    }

    [Fact]
    public void Record_ThatIsRead_IsWrittenTheSameAgain()
    {
        var zip = StoreSite.Proposal(StoreSite.Module(), ArtifactKind.Zip, [1, 2, 3]);
        Fuzz([RecordFile.Write(zip), RecordFile.Write(StoreSite.Proposal(StoreSite.Module("example.com/B", "v1.0.0-pre"), ArtifactKind.Info, [])), "{\"format\":2}"u8.ToArray()],
            static bytes =>
            {
                _ = RecordFile.OtherFormatOrNull(bytes);
                if (RecordFile.ParseOrNull(bytes, out var error) is not { } record)
                    return error is { Length: > 0 };
                var written = RecordFile.Write(record);
                return RecordFile.ParseOrNull(written, out _) is { } again && RecordFile.Write(again).AsSpan().SequenceEqual(written);
            });
    }

    [Fact]
    public async Task StoredAnswer_ThatIsRead_HasTheFormInWhichItIsWritten()
    {
        using var data = new ScratchDirectory();
        var tree = new DataTree(data.Path);
        tree.Prepare();
        var storage = Options.Create(new StorageOptions());
        await using var disk = new QueryDisk(
            tree,
            new BesideFiles(tree, new Quarantine(tree, storage, TimeProvider.System, NullLogger<Quarantine>.Instance)),
            Options.Create(new QueryOptions()),
            storage,
            NullLogger<QueryDisk>.Instance);
        Query[] queries = [new(ModulePath.Parse("example.com/m"), QueryKind.List), new(ModulePath.Parse("example.com/m"), QueryKind.Latest)];
        disk.Write(queries[0], new QueryAnswer("v1.0.0\nv1.1.0\n"u8.ToArray(), Noon, "http://up", "\"tag\"", Noon)
        {
            Bridged = new Dictionary<string, DateTimeOffset> { ["v1.2.0"] = Noon },
        });
        disk.Write(queries[1], new QueryAnswer("{\"Version\":\"v1.0.0\"}"u8.ToArray(), Noon, "http://up", null, null));
        var files = queries.Select(query => tree.QueryPath(query.Path, query.Name[(query.Name.LastIndexOf('/') + 1)..])).ToArray();
        Fuzz(files.Select(File.ReadAllBytes), bytes =>
        {
            foreach (var (file, query) in files.Zip(queries))
            {
                File.WriteAllBytes(file, bytes);
                if (disk.ReadOrNull(query) is { } answer && (!QueryView.IsKept(query, answer) || query.FaultOrNull(answer.Body) is not null))
                    return false;
            }

            return true;
        });
    }

    [Fact]
    public async Task Frame_ThatIsRead_IsTheOneThatWasSent()
    {
        using var sent = new MemoryStream();
        var output = PipeWriter.Create(sent, new StreamPipeWriterOptions(leaveOpen: true));
        foreach (var type in Enum.GetValues<PeerFrameType>())
            PeerFrame.Write(output, type, "{\"a\":1}"u8);
        await output.CompleteAsync();
        Fuzz([sent.ToArray(), sent.ToArray()[..12]], static bytes =>
        {
            using var input = new MemoryStream(bytes);
            try
            {
                while (input.Position < input.Length)
                {
                    var from = (int)input.Position;
                    var (type, payload) = PeerFrame.ReadAsync(input, CancellationToken.None).GetAwaiter().GetResult();
                    if (bytes[from] != (byte)type || !payload.AsSpan().SequenceEqual(bytes.AsSpan(from + 5, payload.Length)))
                        return false;
                }

                return true;
            }
            catch (InvalidDataException)
            {
                // Said so: a peer that sends no frame is refused.
                return true;
            }
        });
    }

    private static async Task<(IReadOnlyList<byte[]> Notes, InMemoryChecksumDatabase Database)> NotesAsync()
    {
        var database = new InMemoryChecksumDatabase(SignerKey.FromSeed("sumdb.test/go", new byte[32]));
        List<byte[]> notes = [];
        for (var i = 0; i < 5; i++)
        {
            database.Append(DatabaseServer.Module(i), DatabaseServer.H1(i, "zip"), DatabaseServer.H1(i, "mod"));
            notes.Add((await database.ReadAsync("latest", TestContext.Current.CancellationToken)).Body.ToArray());
        }

        return (notes, database);
    }

    private static void Fuzz(IEnumerable<string> sound, Func<byte[], bool> holds) => Fuzz(sound.Select(Encoding.UTF8.GetBytes), holds);

    private static void Fuzz(IEnumerable<byte[]> sound, Func<byte[], bool> holds)
    {
        var tried = 0L;
        Mutations.Of([.. sound], Words).Sample(
            bytes =>
            {
                tried++;
                return holds(bytes);
            },
            time: Seconds,
            threads: 1,
            print: static bytes => $"{Convert.ToHexString(bytes)} ({Encoding.Latin1.GetString(bytes)})");
        TestContext.Current.SendDiagnosticMessage("{0}: {1} inputs in {2} s", TestContext.Current.Test?.TestDisplayName, tried, Seconds);
    }
}
