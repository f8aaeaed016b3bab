using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using ProxyCluster.Hosting;

namespace ProxyCluster.Tests.Architecture;

/// <summary>One room makes use of another.</summary>
/// <param name="From">The room.</param>
/// <param name="To">What it knows.</param>
/// <param name="Where">The member that does, or the file.</param>
internal sealed record Arrow(string From, string To, string Where);

/// <summary>
/// The rooms and who knows whom, read from the compiled product: bases, interfaces, fields, parameters and every token in
/// the bodies of methods. Constants and what comments refer to leave no trace there, so the files' own words are read too;
/// the compiler sees to it that none is superfluous.
/// </summary>
internal static partial class RoomGraph
{
    private const string Product = "ProxyCluster.";
    private const BindingFlags All =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Assembly Assembly = typeof(ProxyHost).Assembly;

    private static readonly Dictionary<short, OpCode> OpCodes = typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(static field => (OpCode)field.GetValue(null)!)
        .ToDictionary(static code => code.Value);

    /// <summary>Every room: the folders of the product that hold code.</summary>
    public static IEnumerable<string> Rooms() => Directory.GetDirectories(Sources())
        .Where(static folder => Path.GetFileName(folder) is not ("bin" or "obj"))
        .Select(static folder => Path.GetFileName(folder));

    /// <summary>Every arrow, with one place for each member or file that makes it.</summary>
    public static IEnumerable<Arrow> Arrows() => Compiled().Concat(Written()).Where(static arrow => arrow.From != arrow.To).Distinct();

    private static IEnumerable<Arrow> Compiled() =>
        from type in Assembly.GetTypes()
        let room = RoomOrNull(type)
        where room is not null
        from use in UsesOf(type)
        from known in Parts(use.Type)
        let other = RoomOrNull(known)
        where other is not null
        select new Arrow(room, other, $"{type.FullName}.{use.Member}");

    private static IEnumerable<Arrow> Written() =>
        from file in Rooms().SelectMany(static room => Directory.GetFiles(Path.Combine(Sources(), room), "*.cs", SearchOption.AllDirectories))
        let path = Path.GetRelativePath(Sources(), file)
        from Match word in Using().Matches(File.ReadAllText(file))
        let other = word.Groups[1].Value
        where Directory.Exists(Path.Combine(Sources(), other))
        select new Arrow(path.Split(Path.DirectorySeparatorChar)[0], other, path);

    private static IEnumerable<(Type? Type, string Member)> UsesOf(Type type)
    {
        yield return (type.BaseType, "base");
        foreach (var port in type.GetInterfaces())
            yield return (port, "interfaces");
        foreach (var attribute in type.GetCustomAttributesData())
            yield return (attribute.AttributeType, "attributes");
        foreach (var field in type.GetFields(All))
            yield return (field.FieldType, field.Name);
        foreach (var method in type.GetMembers(All).OfType<MethodBase>())
        {
            yield return ((method as MethodInfo)?.ReturnType, method.Name);
            foreach (var parameter in method.GetParameters())
                yield return (parameter.ParameterType, method.Name);
            foreach (var used in InBodyOf(method))
                yield return (used, method.Name);
        }
    }

    private static IEnumerable<Type?> InBodyOf(MethodBase method)
    {
        if (method.GetMethodBody() is not { } body)
            yield break;
        foreach (var local in body.LocalVariables)
            yield return local.LocalType;

        var typeArguments = method.DeclaringType is { IsGenericType: true } generic ? generic.GetGenericArguments() : null;
        var methodArguments = method.IsGenericMethodDefinition ? method.GetGenericArguments() : null;
        var code = body.GetILAsByteArray()!;
        for (var at = 0; at < code.Length;)
        {
            var value = code[at] == 0xFE ? unchecked((short)(0xFE00 | code[at + 1])) : code[at];
            var op = OpCodes[value];
            at += op.Size;
            switch (op.OperandType)
            {
                case OperandType.InlineMethod or OperandType.InlineField or OperandType.InlineType or OperandType.InlineTok:
                    var member = method.Module.ResolveMember(BitConverter.ToInt32(code, at), typeArguments, methodArguments)!;
                    yield return member as Type ?? member.DeclaringType;
                    if (member is MethodInfo { IsGenericMethod: true } called)
                    {
                        foreach (var argument in called.GetGenericArguments())
                            yield return argument;
                    }

                    at += 4;
                    break;
                case OperandType.InlineSwitch:
                    at += 4 + (4 * BitConverter.ToInt32(code, at));
                    break;
                case OperandType.InlineNone:
                    break;
                case OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar:
                    at += 1;
                    break;
                case OperandType.InlineVar:
                    at += 2;
                    break;
                case OperandType.InlineI8 or OperandType.InlineR:
                    at += 8;
                    break;
                default:
                    at += 4;
                    break;
            }
        }
    }

    // List<Outcome<Member>[]> is all four.
    private static IEnumerable<Type> Parts(Type? type)
    {
        if (type is null)
            return [];
        if (type.HasElementType)
            return Parts(type.GetElementType());
        return type.IsGenericType ? type.GetGenericArguments().SelectMany(Parts).Append(type) : [type];
    }

    private static string? RoomOrNull(Type type) =>
        type.Assembly == Assembly && type.Namespace is { } name && name.StartsWith(Product, StringComparison.Ordinal) ? name[Product.Length..].Split('.')[0] : null;

    public static string Sources([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../../src/ProxyCluster"));

    [GeneratedRegex(@"^using (?:static )?(?:\w+ = )?ProxyCluster\.(\w+)", RegexOptions.Multiline)]
    private static partial Regex Using();
}
