using System.Text.Json.Nodes;
using ProxyCluster.GoModules.Notes;

namespace ProxyCluster.GoModules.Tests.Notes;

/// <summary>The known answers about notes and logs, and the public test keys.</summary>
internal static class NoteVectors
{
    public static JsonNode Root { get; } =
        JsonNode.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Vectors", "known-answers.json")))!;

    public static VerifierKey SumGolangOrg => Verifier("sum.golang.org");

    public static VerifierKey Peter => Verifier("PeterNeumann");

    public static VerifierKey Enoch => Verifier("EnochRoot");

    public static VerifierKey Localhost => Verifier("localhost.localdev/sumdb");

    public static SignerKey PeterSigner => Signer("PeterNeumann");

    public static SignerKey EnochSigner => SignerKey.FromSeed("EnochRoot", new byte[32]);

    public static SignerKey LocalhostSigner => Signer("localhost.localdev/sumdb");

    public static string Text(params string[] path) => path.Aggregate(Root, (node, name) => node[name]!).GetValue<string>();

    private static VerifierKey Verifier(string name) =>
        VerifierKey.TryParse(Text("verifier_keys", name), out var key, out var error) ? key : throw new InvalidOperationException(error);

    private static SignerKey Signer(string name) =>
        SignerKey.TryParse(Text("signer_keys_test_only", name), out var key, out var error)
            ? key
            : throw new InvalidOperationException(error);
}
